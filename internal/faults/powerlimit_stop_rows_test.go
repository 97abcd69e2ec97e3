//go:build faults

package faults_test

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/limit/limittest"
)

// TestLimitStops: a stop restores, also one that has to wait for the pace or for a
// gateway that is away.
func TestLimitStops(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	t.Run("soon", func(t *testing.T) {
		t.Parallel()
		r := newLimitedRig(t, b, `{"export":100,"for":"1h"}`)
		took := r.term()
		if r.isLimited() || r.journal() != "" {
			t.Errorf("still limited: %t, journal %s", r.isLimited(), r.journal())
		}
		r.Check(t)
		tell("SIGTERM right after a limit", "state before restored", "ends after "+seconds(took), "restoring what was before the power limit")
	})
	t.Run("forever", func(t *testing.T) {
		t.Parallel()
		r := newLimitedRig(t, b, `{"export":100,"for":"forever"}`)
		r.term()
		r.begin()
		time.Sleep(12 * time.Second)
		if !r.isLimited() {
			t.Error("what lasts forever has ended")
		}
		r.config = strings.Replace(r.config, limitKeys, "", 1)
		r.write("")
		r.Note(limittest.Event{Kind: limittest.Reloaded})
		r.Signal(syscall.SIGHUP)
		r.awaitLimited(false, 30*time.Second)
		r.term()
		r.Check(t)
	})
	t.Run("away", func(t *testing.T) {
		t.Parallel()
		r := newLimitedRig(t, b, `{"production_off":true,"for":"1h"}`)
		r.server.Refuse(true)
		took := r.term()
		if r.journal() == "" {
			t.Error("no journal is left")
		}
		r.server.Refuse(false)
		r.begin()
		r.awaitLimited(false, 30*time.Second)
		r.term()
		r.Check(t)
		tell("SIGTERM with a limit, gateway away", "the journal stays, ends after "+seconds(took), "restored by the next start", "power limit not restored, the next start tries it again")
	})
	t.Run("broker away", func(t *testing.T) {
		t.Parallel()
		own := startBroker(t)
		r := newLimitedRig(t, own, `{"export":100,"for":"15s"}`)
		own.Pause(t)
		r.awaitLimited(false, 40*time.Second)
		own.Unpause(t)
		r.lives(2, time.Now(), 60*time.Second)
		r.term()
		r.Check(t)
		tell("broker frozen during a limit", "the limit ends in time", "-", "power limit")
	})
}
