package limit

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/powerlimit"
)

func TestCommands(t *testing.T) {
	for _, tt := range []struct {
		name    string
		config  Config
		prepare func(*script)
		payload string
		want    []string
	}{
		{"LIMIT is off", Config{}, nil, "0", []string{"refused: LIMIT is off"}},
		{"LIMIT_FOREVER is off", Config{Enabled: true}, nil, `{"export":0,"for":"forever"}`, []string{"refused: LIMIT_FOREVER is off"}},
		{"forever", enabled, nil, `{"export":0,"for":"forever"}`, []string{"accepted", "write", "applied"}},
		{"the gateway is away", enabled, func(s *script) { s.m.SetAway(true) }, "0", []string{"refused: the gateway does not answer"}},
		{"set before", enabled, func(s *script) { s.has[Power] = Setting{Active: true, Export: true} }, "0", []string{"applied: the gateway had already"}},
		{"looser than before", enabled, func(s *script) { s.has[Power] = Setting{Active: true, Watts: 3000} }, `{"production":3500}`, []string{"refused: somebody else has set: production limited to 3000 W"}},
		{"the export in place of the production", enabled, func(s *script) { s.has[Power] = Setting{Active: true, Watts: 3000} }, `{"export":0}`, []string{"refused: somebody else"}},
		{"stricter than before", enabled, func(s *script) { s.has[Power] = Setting{Active: true, Watts: 3000} }, `{"production":2500}`, []string{"accepted: before: production limited to 3000 W", "write", "applied"}},
		{"moved by another program", enabled, func(s *script) { s.isDynamic = true }, "0", []string{"refused: another program moves"}},
		{"no role", enabled, func(s *script) { s.readErr = fmt.Errorf("gateway: %w", powerlimit.ErrNeedsInstaller) }, "0", []string{"refused: gateway: needs installer role"}},
		{"no role to write", enabled, func(s *script) { s.writeErr = powerlimit.ErrNeedsInstaller }, "0", []string{"accepted", "write", "refused: needs installer role"}},
		{"unknown format", enabled, func(s *script) { s.readErr = powerlimit.ErrUnknownLayout }, "0", []string{"refused: the gateway has this setting in an unknown format"}},
		{"no journal", enabled, func(s *script) { s.saveErr = errors.New("disk full") }, "0", []string{"accepted", "refused: the journal cannot be stored: disk full"}},
		{"nothing to end", enabled, nil, `{"off":true}`, []string{"applied: nothing was limited"}},
		{"others' limit", enabled, func(s *script) {
			s.m.Notice(Power, Reading{Setting: Setting{Active: true, Watts: 5}}, s.now)
		}, `{"off":true}`, []string{"refused: production limited to 5 W was not set by envoy-mqtt and stays"}},
		{"no power yet", enabled, nil, `{"applies_to":"production"}`, []string{"refused: the power is missing"}},
		{"no power yet, export", enabled, nil, `{"applies_to":"export"}`, []string{"accepted", "write export limited to 0 W", "applied"}},
		{"stopping", enabled, func(s *script) { s.m.Stop(false, s.now) }, "0", []string{"refused: envoy-mqtt stops"}},
		{"production off", enabled, nil, `{"production_off":true}`, []string{"accepted: before: production on", "write production off", "applied"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newScript(t, tt.config)
			if tt.prepare != nil {
				tt.prepare(s)
			}
			s.power = Measurement{}
			s.send(tt.payload)
			s.want(tt.want...)
			if isRefused := strings.HasPrefix(tt.want[len(tt.want)-1], "refused"); isRefused && (s.m.IsActive() && s.saveErr == nil || len(s.m.record().Leases) > 0) {
				t.Errorf("after the refusal: %+v", s.m.record())
			}
		})
	}
}

// TestTooOld: a command that cannot be carried out within 30 s is refused with the
// reason.
func TestTooOld(t *testing.T) {
	s := newScript(t, enabled)
	s.readErr = errors.New("no route to host")
	s.send("0")
	s.run(15 * time.Second)
	s.readErr = nil
	s.run(time.Minute)
	s.want("refused: not carried out within 30 s: no route to host")
}

// TestFlood: of many commands the latest is carried out, and of a lasting flood one
// every 10 s.
func TestFlood(t *testing.T) {
	s := newScript(t, enabled)
	for i := range 1000 {
		s.m.Command(Command{Setting: Setting{Active: true, Watts: float64(i)}, For: time.Hour}, s.now)
	}
	s.run(time.Minute)
	s.want("accepted", "write production limited to 999 W", "applied: the gateway has: production limited to 999 W")
}

func TestChangedKeys(t *testing.T) {
	s := newScript(t, enabled)
	s.power = Measurement{}
	s.send(`{"export": 500}`)
	s.send(`{"applies_to": "production", "for": "30m"}`)
	s.send(`{"power": 700}`)
	s.send(`{"off": true}`)
	s.want("accepted", "write export limited to 500 W", "applied", "accepted", "write production limited to 500 W", "applied",
		"accepted", "write production limited to 700 W", "applied", "accepted: restoring: no limit", "write no limit", "restored: asked for, restored: no limit")
}

// TestRepeatedFailure: a command that is repeated before it is too old has results.
func TestRepeatedFailure(t *testing.T) {
	s := newScript(t, enabled)
	s.readErr = errors.New("no login")
	s.send("500")
	s.send("600")
	s.want("refused: no login")
	s.readErr = nil
	s.run(10 * time.Second)
	s.want("accepted", "write export limited to 600 W", "applied")
}
