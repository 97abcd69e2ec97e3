package hint

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/powerlimit"
)

func TestHints(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string // end of the text
	}{
		{errors.New("x"), "x"},
		{&config.MissingError{}, "; run envoy-mqtt init to write one, or envoy-mqtt demo to try the program without"},
		{fmt.Errorf("log in to Enphase: %w", enlighten.ErrPassword), "rejected; correct USERNAME and PASSWORD"},
		{&enlighten.PausedError{Err: enlighten.ErrPassword}, "; correct USERNAME and PASSWORD"},
		{&enlighten.SuspendedError{Err: enlighten.ErrPassword}, "rejected; correct USERNAME and PASSWORD, then confirm them with envoy-mqtt token --renew"},
		{&enlighten.FetchError{Err: enlighten.ErrWebPage}, "; until that works, get a token at https://entrez.enphaseenergy.com/ (choose the system and the gateway) and set TOKEN"},
		{fmt.Errorf("/production.json: %w", envoy.ErrLocalUser), "; set USERNAME = envoy and PASSWORD = the last six digits of the serial number, unless they were changed"},
		{fmt.Errorf("%w: %w", powerlimit.ErrNeedsInstaller, enlighten.ErrNotInstaller), "; set USERNAME and PASSWORD of an account with the installer's role, which your installer or Enphase gives, then run envoy-mqtt token --renew"},
		{envoy.ErrNotGateway, "not an Envoy; set HOST to the gateway's address; envoy-mqtt discover lists gateways"},
		{&envoy.PinError{Got: "ab", Want: "cd"}, "the gateway's certificate is sha256:ab, not the pinned sha256:cd; if the gateway was replaced or reset, set FINGERPRINT = sha256:ab; else something other than the gateway answers at its address"},
		{&envoy.UntrustedError{Fingerprint: "ab", Err: errors.New("x")}, "is not trusted: x; set FINGERPRINT = sha256:ab to accept this one only, or VERIFY_SSL = false to accept any"},
		{fmt.Errorf("read 192.0.2.1:502 by Modbus TCP: %w", envoy.ErrNoModbus), "; ask the installer or Enphase support to enable Modbus TCP, or set SOURCE = auto"},
		{fmt.Errorf("read 192.0.2.1:502 by Modbus TCP: %w", envoy.ErrNoSunSpec), "(DER AC measurement); set SOURCE = auto"},
		{fmt.Errorf("%w: /ivp/meters: the response is 404 Not Found", envoy.ErrNoSource), "404 Not Found; set SOURCE = auto"},
		{Add(envoy.ErrNoCT), "enabled on the gateway; set SOURCE = auto"},
	} {
		if got := Add(tt.err); !strings.HasSuffix(got.Error(), tt.want) || !errors.Is(got, tt.err) {
			t.Errorf("Add(%v) = %q, want …%q", tt.err, got, tt.want)
		}
	}
}
