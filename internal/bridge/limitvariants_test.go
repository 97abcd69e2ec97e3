package bridge_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestLimitVariants: what comes of a command at each firmware that was reported. The
// owner's token reads all the time, although the sessions of the installer end its own.
func TestLimitVariants(t *testing.T) {
	for _, tt := range []struct{ variant, payload, want, text string }{
		{"10s", `{"production":500,"for":"10m"}`, "accepted applied effective expired", "500 W asked, 5"},
		{"75s", `{"production":500,"for":"10m"}`, "accepted applied effective expired", "500 W asked, 5"},
		{"300s", `{"production":500,"for":"10m"}`, "accepted applied effective expired", "500 W asked, 5"},
		{"300s", `{"export":0,"for":"10m"}`, "accepted applied effective expired", ""},
		{"inverted", `{"export":0,"for":"10m"}`, "accepted applied effective no_effect restored", "the power does the opposite"},
		{"ignores", `{"production":500,"for":"10m"}`, "accepted restored", "the gateway has not taken the setting"},
		{"401", `{"production":500,"for":"10m"}`, "refused", "needs installer role"},
		{"404", `{"production":500,"for":"10m"}`, "refused", "not supported"},
		{"503", `{"production":500,"for":"10m"}`, "refused", "not supported"},
		{"hourly", `{"production":500,"for":"10m"}`, "accepted applied effective restored", "the gateway has not kept the setting"},
		{"late", `{"production_off":true,"for":"10m"}`, "accepted applied effective expired", "0 W asked, 0 W"},
	} {
		t.Run(tt.variant+" "+tt.payload[2:8], func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, ok := envoytest.LimitVariant(tt.variant)
				if !ok {
					t.Fatal(tt.variant)
				}
				if tt.variant == "hourly" {
					time.Sleep(57 * time.Minute) // the bubble begins at a full hour
				}
				r := newLimitRig(l)
				r.gateway.RequireCookie = true
				r.Gateways[0].Client.Tokens = auth.StaticToken(enlightentest.Sign(enlightentest.Claims{Serial: serial, Role: "owner"}))
				r.installer = enlightentest.Sign(enlightentest.Claims{Serial: serial, Role: "installer"})
				r.run(t, nil, func() {
					r.send(tt.payload)
					time.Sleep(20 * time.Minute)
				})
				all, text := r.statuses(), ""
				for _, result := range r.results() {
					text += result.Text + "\n"
				}
				if all != tt.want || !strings.Contains(text, tt.text) {
					t.Errorf("results %q with\n%swant %q with %q", all, text, tt.want, tt.text)
				}
				if l.Enabled || l.Off {
					t.Error("there is still a limit")
				}
				if n := strings.Count(r.log.String(), "gateway read failed"); n > 0 {
					t.Errorf("%d readings failed", n)
				}
				if tt.variant == "inverted" || tt.variant == "ignores" || tt.variant == "hourly" {
					r.Recording = nil // which does not have what the gateway did by itself
				}
				r.end(t)
			})
		})
	}
}

// TestLimitRole: without the role nothing is tried again and again.
func TestLimitRole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newLimitRig(&envoytest.PowerLimiter{Installer: "another"})
		r.run(t, nil, func() {
			r.send("0")
			time.Sleep(10 * time.Minute)
		})
		if !strings.HasPrefix(r.statuses(), "accepted refused") && r.statuses() != "refused" {
			t.Errorf("results %q", r.statuses())
		}
		if text, _ := r.broker.Retained(limitResult); !strings.Contains(text, "needs installer role") {
			t.Errorf("result %s", text)
		}
		if n := len(r.gateway.LimitWrites()); n > 2 { // of one request, which asks for the role again
			t.Errorf("%d writes were tried", n)
		}
		r.Recording = nil
		r.end(t)
	})
}
