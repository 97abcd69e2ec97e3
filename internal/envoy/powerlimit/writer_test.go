package powerlimit_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/powerlimit"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/transport"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// limitWriter returns a writer for gw. It closes its connection after each call.
func limitWriter(t *testing.T, gw *envoytest.Gateway, token string) *powerlimit.Writer {
	t.Helper()
	srv := envoytest.NewServer(gw)
	t.Cleanup(srv.Close)
	c := &envoy.Client{Host: srv.URL, Dial: srv.Dial, Tokens: auth.StaticToken(token)}
	return &powerlimit.Writer{Client: c}
}

// TestSetPowerLimit writes limits and reads them back, with several firmwares.
func TestSetPowerLimit(t *testing.T) {
	rate := wire.Some(100.0)
	export := powerlimit.Limit{Active: true, Export: true, Power: 1500, SlewRate: rate}
	production := powerlimit.Limit{Active: true, Power: 0.5, SlewRate: rate}
	for _, tt := range []struct {
		name, firmware string
		limiter        envoytest.PowerLimiter
		limit          powerlimit.Limit
		sent           envoytest.LimitWrite
		readBack       powerlimit.Limit
	}{
		{
			"export", "",
			envoytest.PowerLimiter{},
			export,
			envoytest.LimitWrite{Enabled: true, Export: true, Watts: 1500},
			export,
		},
		{
			"production", "",
			envoytest.PowerLimiter{},
			production,
			envoytest.LimitWrite{Enabled: true, Watts: 0.5},
			production,
		},
		{
			"off", "",
			envoytest.PowerLimiter{Enabled: true, Watts: 70},
			powerlimit.Limit{},
			envoytest.LimitWrite{},
			powerlimit.Limit{SlewRate: rate},
		},
		{
			"inverted firmware", "D8.2.4398",
			envoytest.PowerLimiter{Inverted: true},
			export,
			envoytest.LimitWrite{Enabled: true, Watts: 1500},
			export,
		},
		{
			"ignored", "",
			envoytest.PowerLimiter{Ignores: true},
			export,
			envoytest.LimitWrite{Enabled: true, Export: true, Watts: 1500},
			powerlimit.Limit{SlewRate: rate},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gw := &envoytest.Gateway{Firmware: tt.firmware, PowerLimit: &tt.limiter}
				w := limitWriter(t, gw, "installer")
				if err := w.SetPowerLimit(t.Context(), tt.limit); err != nil {
					t.Fatal(err)
				}
				writes := gw.LimitWrites()
				tt.sent.Code = http.StatusOK
				if len(writes) != 1 || !writes[0].Time.Equal(time.Now()) {
					t.Fatalf("writes: %+v", writes)
				}
				if writes[0].Time = (time.Time{}); writes[0] != tt.sent {
					t.Errorf("sent %+v, want %+v", writes[0], tt.sent)
				}
				if got, err := w.PowerLimit(t.Context()); err != nil || got != tt.readBack {
					t.Errorf("PowerLimit() = %+v, %v, want %+v", got, err, tt.readBack)
				}
				if n := gw.Count("/auth/check_jwt"); n != 1 {
					t.Errorf("%d sessions, want 1", n)
				}
			})
		})
	}
}

// TestSetProductionOff switches production off and on.
func TestSetProductionOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, hasNewNames := range []bool{false, true} {
			gw := &envoytest.Gateway{PowerLimit: &envoytest.PowerLimiter{NewNames: hasNewNames}}
			w := limitWriter(t, gw, "installer")
			for _, off := range []bool{true, false} {
				if err := w.SetProductionOff(t.Context(), off); err != nil {
					t.Fatal(err)
				}
				if got, err := w.ProductionOff(t.Context()); err != nil || got != off {
					t.Errorf("ProductionOff() = %t, %v, want %t", got, err, off)
				}
			}
			if n := len(gw.LimitWrites()); n != 2 {
				t.Errorf("%d writes, want 2", n)
			}
		}
	})
}

// TestWriterErrors: gateways that refuse, and what a caller can distinguish.
func TestWriterErrors(t *testing.T) {
	for _, tt := range []struct {
		name, firmware string
		serial         string
		limiter        *envoytest.PowerLimiter
		want           error
		status         int // or of the answer
	}{
		{"an owner's token", "", "", &envoytest.PowerLimiter{Installer: "other"}, powerlimit.ErrNeedsInstaller, 0},
		{"no page", "", "", nil, envoy.ErrUnsupported, 0},
		{"404", "", "", &envoytest.PowerLimiter{Status: 404}, envoy.ErrUnsupported, 404},
		{"503", "", "", &envoytest.PowerLimiter{Status: 503}, envoy.ErrUnsupported, 503},
		{"401", "", "", &envoytest.PowerLimiter{Status: 401}, powerlimit.ErrNeedsInstaller, 0},
		{"500", "", "", &envoytest.PowerLimiter{Status: 500}, nil, 500},
		{"firmware before 7", "R4.10.35", "", new(envoytest.PowerLimiter), envoy.ErrUnsupported, 0},
		{"another gateway", "", "122000000009", new(envoytest.PowerLimiter), powerlimit.ErrOtherGateway, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gw := &envoytest.Gateway{Firmware: tt.firmware, PowerLimit: tt.limiter}
				w := limitWriter(t, gw, "owner")
				w.Serial = tt.serial
				_, offErr := w.ProductionOff(t.Context())
				for call, err := range map[string]error{
					"SetPowerLimit":    w.SetPowerLimit(t.Context(), powerlimit.Limit{Active: true, Export: true}),
					"SetProductionOff": w.SetProductionOff(t.Context(), true),
					"ProductionOff":    offErr,
				} {
					status := new(transport.StatusError)
					if tt.want != nil && !errors.Is(err, tt.want) || tt.status != 0 && (!errors.As(err, &status) || status.Code != tt.status) || err == nil {
						t.Errorf("%s() = %v, want %v %d", call, err, tt.want, tt.status)
					}
				}
				if tt.limiter != nil && (tt.limiter.Enabled || tt.limiter.Off) {
					t.Error("something was changed")
				}
			})
		})
	}
}

// TestWriterFirmware: new firmware is reported once, before anything is
// written.
func TestWriterFirmware(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gw := &envoytest.Gateway{Firmware: "D8.3.5232", PowerLimit: new(envoytest.PowerLimiter)}
		w := limitWriter(t, gw, "installer")
		set := func() error { return w.SetPowerLimit(t.Context(), powerlimit.Limit{Active: true}) }
		if err := set(); err != nil {
			t.Fatal(err)
		}
		gw.Change(func(g *envoytest.Gateway) { g.Firmware = "D8.3.5528" })
		if err := set(); !errors.Is(err, powerlimit.ErrFirmwareChanged) {
			t.Errorf("the first write after it: %v", err)
		}
		if err := set(); err != nil || len(gw.LimitWrites()) != 2 {
			t.Errorf("the next: %v, %d writes, want 2", err, len(gw.LimitWrites()))
		}
	})
}

// TestWriterSession: a session that has ended is opened again, and the one of
// the owner's client is another.
func TestWriterSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gw := &envoytest.Gateway{RequireCookie: true, PowerLimit: new(envoytest.PowerLimiter)}
		owner := openOwner(t, gw)
		w := limitWriter(t, gw, "installer")
		for range 3 {
			if err := w.SetPowerLimit(t.Context(), powerlimit.Limit{Active: true}); err != nil {
				t.Fatal(err)
			}
			gw.ExpireSessions()
			nextSample(t, owner)
		}
		if n := len(gw.LimitWrites()); n != 3 {
			t.Errorf("%d writes, want 3", n)
		}
	})
}

// TestWriterRejected: answers to a change that do not mean that it was made.
func TestWriterRejected(t *testing.T) {
	const read = `{"dynamic_pel_settings":{"enable":false},"filename":"site_settings","version":"00.00.01"}`
	for _, tt := range []struct {
		name   string
		status int
		body   string
		ok     bool
	}{
		{"accepted", 200, `{"message":"success"}`, true},
		{"accepted without a word", 200, "", true},
		{"accepted with a page", 200, "<html>", true},
		{"an error", 200, `{"error":"not allowed"}`, false},
		{"bad request", 400, `{"error":"Bad Request"}`, false},
		{"busy", 503, "", false},
	} {
		w := scriptedWriter(t, func(rw http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				_, _ = io.WriteString(rw, read)
				return
			}
			rw.WriteHeader(tt.status)
			_, _ = io.WriteString(rw, tt.body)
		})
		if err := w.SetPowerLimit(t.Context(), powerlimit.Limit{Active: true}); (err == nil) != tt.ok || errors.Is(err, envoy.ErrUnsupported) {
			t.Errorf("%s: %v, want ok %t", tt.name, err, tt.ok)
		}
	}
}

// A failingTokens has no token.
type failingTokens struct {
	auth.StaticToken
	err error
}

func (f failingTokens) Token(context.Context, string) (string, error) { return "", f.err }

// TestWriterNoToken: without a token nothing but /info is read, and the error
// of the source is returned.
func TestWriterNoToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gw := &envoytest.Gateway{PowerLimit: new(envoytest.PowerLimiter)}
		w := limitWriter(t, gw, "")
		failed := errors.New("no account")
		w.Client.Tokens = failingTokens{err: failed}
		if err := w.SetProductionOff(t.Context(), true); !errors.Is(err, failed) {
			t.Errorf("SetProductionOff() = %v, want %v", err, failed)
		}
		if n := len(gw.Requests()); n != 1 {
			t.Errorf("%d requests, want 1", n)
		}
		w.Client.Tokens = nil
		if err := w.SetProductionOff(t.Context(), true); !errors.Is(err, powerlimit.ErrNeedsInstaller) {
			t.Errorf("without a source: %v", err)
		}
		if _, err := w.PowerLimit(t.Context()); !errors.Is(err, powerlimit.ErrNeedsInstaller) {
			t.Errorf("PowerLimit() without a source: %v", err)
		}
	})
}
