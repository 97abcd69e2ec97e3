package command

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// TestNoKeysBelow checks that envoy and enlighten name no configuration key and no
// command: internal/hint adds them.
func TestNoKeysBelow(t *testing.T) {
	keys := []string{"HOST", "TOKEN", "USERNAME", "PASSWORD", "SERIAL", "FINGERPRINT", "VERIFY_SSL", "SOURCE", "POWER_", "STATE_DIR", "--paste", "--renew", "envoy-mqtt "}
	for _, dir := range []string{"../../../internal/envoy", "../../../internal/enlighten"} {
		for _, text := range literalsIn(t, dir) {
			for _, key := range keys {
				if strings.Contains(text, key) {
					t.Errorf("%s: %q names %s", dir, text, key)
				}
			}
		}
	}
}

// TestPrintError checks that each of several errors has its own line, with its own hint.
func TestPrintError(t *testing.T) {
	var out strings.Builder
	c := &console{err: &out}
	c.stderr().printError(failed(errors.Join(fmt.Errorf("[A] %w", envoy.ErrNoCT), fmt.Errorf("[B] %w: %w", enlighten.ErrRefused, enlighten.ErrPassword), errors.New("x"))))
	const want = "envoy-mqtt: [A] no CT is enabled on the gateway; set SOURCE = auto\n" +
		"envoy-mqtt: [B] the gateway rejects the token: user name or password of the Enphase account rejected; correct USERNAME and PASSWORD\n" +
		"envoy-mqtt: x\n"
	if out.String() != want {
		t.Errorf("printError prints\n%swant\n%s", out.String(), want)
	}
}
