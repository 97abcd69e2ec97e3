package gateway

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/powerlimit"
)

const limitSerial = "122012345678"

// TestLimitWriter changes the limit with a token that was obtained for it, or
// reports that the role is missing.
func TestLimitWriter(t *testing.T) {
	for _, tt := range []struct {
		name, password, role, token string // token: the role of the configured one
		want                        error
		logins                      int
	}{
		{"installer", "p", "installer", "", nil, 1},
		{"owner", "p", "owner", "", powerlimit.ErrNeedsInstaller, 1},
		{"no account", "", "", "", powerlimit.ErrNeedsInstaller, 0},
		{"an owner's token", "", "", "owner", powerlimit.ErrNeedsInstaller, 0},
		{"an installer's token", "", "", "installer", nil, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				sim := &enlightentest.Cloud{FormRole: tt.role}
				cloud := enlightentest.NewServer(sim)
				defer cloud.Close()
				limiter, _ := envoytest.LimitVariant("10s")
				house := &envoytest.Gateway{PowerLimit: limiter}
				server := envoytest.NewServer(house)
				defer server.Close()
				section := config.Gateway{Section: "ENVOY", Host: server.URL}
				if tt.password != "" {
					section.Username, section.Password = "homer@example.com", config.Secret(tt.password)
				}
				if tt.token != "" {
					section.Token = config.Secret(enlightentest.Sign(enlightentest.Claims{Serial: limitSerial, Role: tt.token}))
				}
				g := New(config.Config{General: config.General{StateDir: dir}, Gateways: []config.Gateway{section}})[0]
				defer g.Close()
				g.InstallerTokens.Cloud = &enlighten.Cloud{LoginURL: cloud.LoginURL, TokenURL: cloud.TokenURL, FormURL: cloud.FormURL, HTTP: cloud.Client()}
				w := g.LimitWriter(limitSerial, 0)
				w.Client.Dial = server.Dial
				for range 3 {
					err := w.SetPowerLimit(t.Context(), powerlimit.Limit{Active: true, Export: true, Power: 100})
					if !errors.Is(err, tt.want) {
						t.Errorf("SetPowerLimit() = %v, want %v", err, tt.want)
					}
					if err != nil && strings.Contains(err.Error(), "homer") {
						t.Errorf("the account is in %q", err)
					}
				}
				if n := len(sim.Logins()); n != tt.logins {
					t.Errorf("%d logins, want %d", n, tt.logins)
				}
				if writes := len(house.LimitWrites()); (writes == 3) != (tt.want == nil) {
					t.Errorf("%d writes", writes)
				}
			})
		})
	}
}

// TestSlowLogin: readings of the gateway do not wait for Enphase, and a login that
// takes long is not repeated.
func TestSlowLogin(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		sim := &enlightentest.Cloud{FormRole: "installer"}
		sim.Set(enlightentest.LoginHang)
		cloud := enlightentest.NewServer(sim)
		defer cloud.Close()
		server := envoytest.NewServer(&envoytest.Gateway{PowerLimit: new(envoytest.PowerLimiter)})
		defer server.Close()
		section := config.Gateway{Section: "ENVOY", Host: server.URL, Username: "homer@example.com", Password: "p"}
		g := New(config.Config{General: config.General{StateDir: dir}, Gateways: []config.Gateway{section}})[0]
		defer g.Close()
		g.InstallerTokens.Cloud = &enlighten.Cloud{LoginURL: cloud.LoginURL, TokenURL: cloud.TokenURL, FormURL: cloud.FormURL, HTTP: cloud.Client()}
		w := g.LimitWriter(limitSerial, LoginTimeout)
		w.Client.Dial = server.Dial
		for range 3 {
			started := time.Now()
			if _, err := w.PowerLimit(t.Context()); !errors.Is(err, errNoAnswer) {
				t.Errorf("PowerLimit() = %v, want %v", err, errNoAnswer)
			}
			if took := time.Since(started); took > LoginTimeout {
				t.Errorf("it took %v", took)
			}
		}
		if n := len(sim.Logins()); n != 1 {
			t.Errorf("%d logins, want 1", n)
		}
	})
}
