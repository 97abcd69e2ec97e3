package envoy_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

func TestSample(t *testing.T) {
	for _, tt := range []struct {
		name   string
		gw     *envoytest.Gateway
		phases int
	}{
		{"one phase", &envoytest.Gateway{}, 0},
		{"two phases", &envoytest.Gateway{Phases: 2}, 2},
		{"three phases", &envoytest.Gateway{Phases: 3}, 3},
		{"split phase", &envoytest.Gateway{Split: true}, 2},
		{"split phase, three lines", &envoytest.Gateway{Split: true, ThreeLines: true}, 2},
		{"one phase, three lines", &envoytest.Gateway{ThreeLines: true}, 0},
		{"total is net", &envoytest.Gateway{Phases: 3, Firmware: "D8.3.5433", LoadOnly: true}, 3},
	} {
		s, err := open(t, tt.gw, auth.StaticToken("t")).Sample(t.Context())
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		reported, _ := tt.gw.Last()
		for m, want := range map[envoy.Measurement]envoytest.Meter{envoy.Production: reported.Production, envoy.NetConsumption: reported.Net, envoy.TotalConsumption: reported.Consumption} {
			meter, ok := s.Meter(m)
			if !ok || len(meter.Phases) != tt.phases {
				t.Errorf("%s: %s has %d phases (%t), want %d", tt.name, m, len(meter.Phases), ok, tt.phases)
				continue
			}
			for i, c := range append([]envoy.Channel{meter.Total}, meter.Phases...) {
				line := want.Total
				if i > 0 {
					line = want.Lines[i-1]
				}
				if p, ok := c.Get(envoy.Power); !ok || p < line.Power-0.002 || p > line.Power+0.002 {
					t.Errorf("%s: %s phase %d = %v W, want %v", tt.name, m, i, p, line.Power)
				}
			}
		}
		if !s.HasCT || s.MeasuredAt.Unix() != reported.Time.Unix() || s.Took <= 0 {
			t.Errorf("%s: Metered %t, Reading %v, Took %v, want true, %v and some", tt.name, s.HasCT, s.MeasuredAt, s.Took, reported.Time)
		}
	}
}

func TestSampleWithoutCTs(t *testing.T) {
	for _, tt := range []struct {
		name      string
		gw        *envoytest.Gateway
		measured  []envoy.Measurement
		noGridSay string
	}{
		{"no meter", &envoytest.Gateway{Standard: true}, []envoy.Measurement{envoy.Production}, "CT"},
		{"no CT", &envoytest.Gateway{CTs: envoytest.NoCTs}, []envoy.Measurement{envoy.Production}, "CT"},
		{"production CT", &envoytest.Gateway{CTs: envoytest.ProductionCT}, []envoy.Measurement{envoy.Production}, "CT"},
		{"consumption CT", &envoytest.Gateway{CTs: envoytest.ConsumptionCT}, []envoy.Measurement{envoy.Production, envoy.NetConsumption}, ""},
		{"consumption CT around the load", &envoytest.Gateway{CTs: envoytest.ConsumptionCT, LoadOnly: true}, []envoy.Measurement{envoy.Production, envoy.TotalConsumption}, "no CT measures"},
	} {
		s, err := open(t, tt.gw, auth.StaticToken("t")).Sample(t.Context())
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		for _, m := range []envoy.Measurement{envoy.Production, envoy.NetConsumption, envoy.TotalConsumption} {
			_, got := s.Meter(m)
			want := false
			for _, w := range tt.measured {
				want = want || w == m
			}
			if got != want {
				t.Errorf("%s: %s measured %t, want %t", tt.name, m, got, want)
			}
		}
		if (s.NoGrid != nil) != (tt.noGridSay != "") || s.NoGrid != nil && !strings.Contains(s.NoGrid.Error(), tt.noGridSay) {
			t.Errorf("%s: NoGrid = %v, want %q", tt.name, s.NoGrid, tt.noGridSay)
		}
	}
}

func TestSchemes(t *testing.T) {
	old := &envoytest.Gateway{Firmware: "R4.10.35"}
	plain := envoytest.NewPlainServer(old)
	defer plain.Close()
	s, err := (&envoy.Client{Host: plain.Addr}).Open(t.Context())
	if err != nil || s.NeedsToken || s.URL() != "http://"+plain.Addr {
		t.Fatalf("Open of a gateway with http only = %v, %v", s, err)
	}
	if _, err := s.Sample(t.Context()); err != nil {
		t.Errorf("Sample of firmware 4: %v", err)
	}
	for _, c := range []*envoy.Client{
		{Host: plain.Addr, VerifyTLS: true},
		{Host: plain.Addr, Fingerprint: strings.Repeat("0", 64)},
		{Host: "https://" + plain.Addr},
		{Host: "http://" + plain.Addr, VerifyTLS: true},
		{Host: "HTTP://" + plain.Addr, Fingerprint: strings.Repeat("0", 64)},
	} {
		if s, err := c.Open(t.Context()); err == nil {
			t.Errorf("Open with a certificate asked for = %s, want an error, not plain http", s.URL())
		}
	}
	if n := old.Count("/info"); n != 1 {
		t.Errorf("%d requests in plain text, want the one without a certificate", n)
	}
}

func TestHosts(t *testing.T) {
	for _, host := range []string{"", "  ", "ftp://envoy", "http://"} {
		if _, err := (&envoy.Client{Host: host}).Open(t.Context()); err == nil || !strings.Contains(err.Error(), "host ") {
			t.Errorf("Open(%q) = %v, want an error that names the host", host, err)
		}
	}
	for _, host := range []string{"::1", "[::1]:1", "127.0.0.1:1", "fe80::1%lo", "https://[fe80::1%25lo]:1"} {
		_, err := (&envoy.Client{Host: host}).Open(t.Context())
		if err == nil || !strings.Contains(err.Error(), "dial tcp") || strings.Contains(err.Error(), "HOST") {
			t.Errorf("Open(%q) = %v, want a failed connection", host, err)
		}
	}
}

func TestCertificate(t *testing.T) {
	srv := envoytest.NewTLSServer(new(envoytest.Gateway))
	defer srv.Close()
	sum := sha256.Sum256(srv.Certificate().Raw)
	right := hex.EncodeToString(sum[:])
	c := &envoy.Client{Host: srv.Addr}
	if _, err := c.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, ok := c.Certificate(); !ok || got != right {
		t.Errorf("Certificate = %q, %t, want %q", got, ok, right)
	}
	if _, err := (&envoy.Client{Host: srv.Addr, Fingerprint: right}).Open(t.Context()); err != nil {
		t.Errorf("Open with the right fingerprint: %v", err)
	}
	_, err := (&envoy.Client{Host: srv.Addr, Fingerprint: strings.Repeat("ab", 32)}).Open(t.Context())
	if _, ok := errors.AsType[*envoy.PinError](err); !ok {
		t.Errorf("Open with a wrong fingerprint = %v, want a PinError", err)
	}
}

// TestOneHandshake: a healthy gateway is not asked for another handshake.
func TestOneHandshake(t *testing.T) {
	srv := envoytest.NewTLSServer(new(envoytest.Gateway))
	defer srv.Close()
	s, err := (&envoy.Client{Host: srv.Addr, Tokens: auth.StaticToken("t")}).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if _, err := s.Sample(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := srv.Handshakes(); n != 1 {
		t.Errorf("%d handshakes for 100 samples, want 1", n)
	}
}
