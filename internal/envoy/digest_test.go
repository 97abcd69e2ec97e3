package envoy_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestDigest: firmware before 7 requires the gateway's own user, and an account at
// Enphase is none of them.
func TestDigest(t *testing.T) {
	for _, tt := range []struct {
		name, user, password string
		want                 error
	}{
		{"right", "envoy", "345678", nil},
		{"wrong", "envoy", "wrong", envoy.ErrLocalUser},
		{"none", "", "", envoy.ErrLocalUser},
		{"account", "owner@example.org", "secret", envoy.ErrLocalUser},
	} {
		gw := &envoytest.Gateway{Firmware: "R4.10.35", Digest: envoytest.Digest{User: "envoy", Password: "345678"}}
		srv := envoytest.NewPlainServer(gw)
		s, err := (&envoy.Client{Host: srv.URL, Username: tt.user, Password: tt.password}).Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Sample(t.Context())
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: Sample = %v, want %v", tt.name, err, tt.want)
		}
		for _, r := range gw.Requests() {
			if strings.Contains(tt.user, "@") && r.Scheme != "" {
				t.Errorf("%s: an account was sent to the gateway", tt.name)
			}
		}
		srv.Close()
	}
}

func TestGarbledChallenge(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/info" {
			fmt.Fprint(w, "<envoy_info><device><sn>122200000001</sn><software>R3.9.36</software></device></envoy_info>")
			return
		}
		w.Header().Set("WWW-Authenticate", "Digest \x01\xfe=,,\"")
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer srv.Close()
	s, err := (&envoy.Client{Host: srv.URL, Username: "envoy", Password: "x"}).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sample(t.Context()); err == nil {
		t.Error("Sample with a garbled challenge: no error")
	}
}
