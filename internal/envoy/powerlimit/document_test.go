package powerlimit_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/powerlimit"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// TestDocument compares the documents that a writer sends.
func TestDocument(t *testing.T) {
	const (
		export     = `{"dynamic_pel_settings":{"enable":true,"export_limit":true,"limit_value_W":2000.0,"slew_rate":100.0,"enable_dynamic_limiting":false},"filename":"site_settings","version":"00.00.01"}`
		off        = `{"dynamic_pel_settings":{"enable":false},"filename":"site_settings","version":"00.00.01"}`
		read       = `{"version":"00.00.01","zone":[1,2.50],"dynamic_pel_settings":{"enable":false,"slew_rate":12.5,"ramp":{"a": 1}},"filename":"site_settings"}`
		rest       = `{"dynamic_pel_settings":{"enable":true,"export_limit":false,"limit_value_W":0.0,"slew_rate":12.5,"enable_dynamic_limiting":false,"ramp":{"a": 1}},"filename":"site_settings","version":"00.00.01","zone":[1,2.50]}`
		restOff    = `{"dynamic_pel_settings":{"enable":false},"filename":"site_settings","version":"00.00.01","zone":[1,2.50]}`
		dynamic    = `{"dynamic_pel_settings":{"enable":true,"export_limit":true,"limit_value_W":0.5,"slew_rate":7.0,"enable_dynamic_limiting":true},"filename":"site_settings","version":"00.00.01"}`
		newVersion = `{"dynamic_pel_settings":{"enable":false},"filename":"site_settings","version":"00.00.02"}`
	)
	limit := powerlimit.Limit{Active: true, Export: true, Power: 2000}
	for _, tt := range []struct {
		name, read string
		limit      powerlimit.Limit
		sent       string
		want       error
	}{
		{"export", off, limit, export, nil},
		{"off", export, powerlimit.Limit{}, off, nil},
		{"off with a rate", export, powerlimit.Limit{SlewRate: wire.Some(3.0)}, off, nil},
		{"unknown fields", read, powerlimit.Limit{Active: true}, rest, nil},
		{"off with unknown fields", read, powerlimit.Limit{}, restOff, nil},
		{"as it was", off, powerlimit.Limit{Active: true, Export: true, Power: 0.5, SlewRate: wire.Some(7.0), Dynamic: true}, dynamic, nil},
		{"another version", newVersion, limit, "", powerlimit.ErrUnknownLayout},
		{"no version", `{"dynamic_pel_settings":{"enable":false},"filename":"site_settings"}`, limit, "", powerlimit.ErrUnknownLayout},
		{"no settings", `{"pel":{},"filename":"site_settings","version":"00.00.01"}`, limit, "", powerlimit.ErrUnknownLayout},
		{"a list", `[]`, limit, "", powerlimit.ErrUnknownLayout},
		{"no JSON", `{"dynamic_pel_settings":`, limit, "", powerlimit.ErrUnknownLayout},
		{"an error", `{"error":"Not Found"}`, limit, "", envoy.ErrUnsupported},
		{"a page", `<html>`, limit, "", envoy.ErrUnsupported},
		{"nothing", ``, limit, "", envoy.ErrUnsupported},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sent := ""
			w := scriptedWriter(t, func(rw http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					_, _ = io.WriteString(rw, tt.read)
					return
				}
				b, _ := io.ReadAll(r.Body)
				sent = r.Method + " " + r.Header.Get("Content-Type") + " " + string(b)
			})
			if tt.sent != "" {
				tt.sent = "POST application/json " + tt.sent
			}
			if err := w.SetPowerLimit(t.Context(), tt.limit); !errors.Is(err, tt.want) || sent != tt.sent {
				t.Errorf("SetPowerLimit() = %v, want %v; sent\n%s, want\n%s", err, tt.want, sent, tt.sent)
			}
		})
	}
	w := scriptedWriter(t, func(http.ResponseWriter, *http.Request) { t.Error("a request") })
	if err := w.SetPowerLimit(t.Context(), powerlimit.Limit{Active: true, Power: -1}); err == nil {
		t.Error("a negative limit is no error")
	}
}

// scriptedWriter returns a writer for a gateway whose settings answer answers.
func scriptedWriter(t *testing.T, answer http.HandlerFunc) *powerlimit.Writer {
	t.Helper()
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/info":
			_, _ = io.WriteString(w, `<envoy_info><device><sn>122000000001</sn><pn>800-00654-r08</pn><software>D8.3.5528</software></device><web-tokens>true</web-tokens></envoy_info>`)
		case "/auth/check_jwt":
			_, _ = io.WriteString(w, "<h2>Valid token.</h2>")
		default:
			answer(w, r)
		}
	}))
	t.Cleanup(srv.Close)
	return &powerlimit.Writer{Client: &envoy.Client{Host: srv.URL, Tokens: auth.StaticToken("eyJ.a.b")}}
}

// FuzzDocument: what is written is JSON that sets the limit, whatever was read.
func FuzzDocument(f *testing.F) {
	f.Add([]byte(`{"dynamic_pel_settings":{"enable":true,"export_limit":true,"limit_value_W":2000.0,"slew_rate":100.0,"enable_dynamic_limiting":false},"filename":"site_settings","version":"00.00.01"}`), true, 0.1)
	f.Add([]byte(`{"dynamic_pel_settings":{"enable":false,"more":[{}]},"filename":"site_settings","version":"00.00.01","rest":{"a":1e5}}`), false, 1e6)
	f.Add([]byte(`{"dynamic_pel_settings":{"enable":false,"ENABLE":true},"filename":"site_settings","version":"00.00.01"}`), false, 3.0)
	f.Fuzz(func(t *testing.T, body []byte, export bool, watts float64) {
		if !(watts >= 0 && watts <= 1e6) {
			return
		}
		for _, l := range []powerlimit.Limit{{Active: true, Export: export, Power: watts}, {}} {
			sent, err := powerlimit.SentDocument(body, l)
			if err != nil {
				return
			}
			got, err := powerlimit.Parse([]byte(sent))
			if got.SlewRate = l.SlewRate; err != nil || got != l {
				t.Errorf("%s sets %+v, %v, want %+v", sent, got, err, l)
			}
			if !json.Valid([]byte(sent)) {
				t.Errorf("not JSON: %s", sent)
			}
		}
	})
}
