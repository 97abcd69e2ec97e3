package envoy_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestMeterIsNotGivenUp: what was metered once is not filled from the
// inverters, however long the meter is silent, while the session lasts.
func TestMeterIsNotGivenUp(t *testing.T) {
	gw := &envoytest.Gateway{Phases: 3}
	s := open(t, gw, auth.StaticToken("t"))
	for _, cts := range []envoytest.CTs{envoytest.BothCTs, envoytest.NoCTs, envoytest.ConsumptionCT, envoytest.ProductionCT} {
		gw.Change(func(g *envoytest.Gateway) { g.CTs = cts })
		for range 5 {
			sample, err := s.Sample(t.Context())
			_, skipped := errors.AsType[*envoy.SkippedError](err)
			if cts == envoytest.BothCTs && err != nil || cts != envoytest.BothCTs && !skipped {
				t.Errorf("CTs %v: Sample = %v, %v", cts, sample.Meters, err)
			}
		}
	}
}

// TestNewSessionMustAgree: also after an interruption a lost meter is believed
// only when all answers of five minutes agree.
func TestNewSessionMustAgree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gw := new(envoytest.Gateway)
		first := sampleFrom(t, gw, envoy.FromProduction)
		first.next(t)
		gw.Change(func(g *envoytest.Gateway) { g.CTs = envoytest.ProductionCT })
		s, err := first.client.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i := range 8 {
			sample, err := s.Sample(t.Context())
			_, skipped := errors.AsType[*envoy.SkippedError](err)
			if wantSkip := i < 5; skipped != wantSkip {
				t.Errorf("%d minutes without the consumption CT: %v, %v, want skipped %t", i, sample.Meters, err, wantSkip)
			}
			time.Sleep(time.Minute)
		}
	})
}

// TestFirstAnswerFlickers: an answer without the production meter, although its
// CT is enabled, decides nothing: the inverters' counter is another one. When
// all answers of five minutes are so, it is believed, by later sessions at once.
func TestFirstAnswerFlickers(t *testing.T) {
	for _, source := range []envoy.Source{envoy.FromProduction, envoy.AutoSource} {
		synctest.Test(t, func(t *testing.T) {
			gw := new(envoytest.Gateway)
			s := sampleFrom(t, gw, source)
			gw.FaultAt("/production.json", envoytest.Flicker, 1)
			for i := range 3 {
				sample, err := s.Sample(t.Context())
				_, skipped := errors.AsType[*envoy.SkippedError](err)
				pv, ok := sample.Meter(envoy.Production)
				if skipped != (i == 0) || ok && pv.Register == envoy.InverterRegister {
					t.Errorf("%s: answer %d: %v, %v", source, i+1, sample.Meters, err)
				}
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		gw := new(envoytest.Gateway)
		s := sampleFrom(t, gw, envoy.FromProduction)
		gw.FaultAt("/production.json", envoytest.Flicker, -1)
		for i := range 8 {
			sample, err := s.Sample(t.Context())
			_, skipped := errors.AsType[*envoy.SkippedError](err)
			if wantSkip := i < 5; skipped != wantSkip {
				t.Errorf("%d minutes without the production meter: %v, %v, want skipped %t", i, sample.Meters, err, wantSkip)
			}
			time.Sleep(time.Minute)
		}
		later, err := s.client.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := later.Sample(t.Context()); err != nil {
			t.Errorf("a later session: %v", err)
		}
	})
}

// TestFirstAnswerWithoutConfiguration: while a gateway does not say which CTs are
// enabled, one that is missing may be.
func TestFirstAnswerWithoutConfiguration(t *testing.T) {
	gw := new(envoytest.Gateway)
	gw.FaultAt("/production.json", envoytest.Flicker, 1)
	busy := true
	srv := envoytest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if busy && r.URL.Path == "/ivp/meters" {
			http.Error(w, "starting", http.StatusServiceUnavailable)
			return
		}
		gw.ServeHTTP(w, r)
	}))
	defer srv.Close()
	c := &envoy.Client{Host: srv.URL, Tokens: auth.StaticToken("t"), Source: envoy.FromProduction}
	defer c.CloseIdle()
	s, err := c.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sample, err := s.Sample(t.Context())
	if _, skipped := errors.AsType[*envoy.SkippedError](err); !skipped {
		t.Errorf("without the production meter, and without a word whether its CT is enabled: %v, %v, want it skipped", sample.Meters, err)
	}
	busy = false
	sample, err = s.Sample(t.Context())
	if pv, ok := sample.Meter(envoy.Production); err != nil || !ok || pv.Register != envoy.EIMRegister {
		t.Errorf("with it: %v, %v", sample.Meters, err)
	}
}

// TestAnswerWithoutMeters: an answer that is JSON and has nothing of what a
// gateway with a meter tells decides nothing either.
func TestAnswerWithoutMeters(t *testing.T) {
	for _, body := range []string{`{"error":"busy"}`, `{}`, `null`, `[]`} {
		gw := new(envoytest.Gateway)
		empty := true
		srv := envoytest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if empty && r.URL.Path == "/production.json" {
				_, _ = io.WriteString(w, body)
				return
			}
			if strings.HasPrefix(r.URL.Path, "/ivp/") { // as where the configuration is not reported either
				http.NotFound(w, r)
				return
			}
			gw.ServeHTTP(w, r)
		}))
		c := &envoy.Client{Host: srv.URL, Tokens: auth.StaticToken("t")}
		s, err := c.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if sample, err := s.Sample(t.Context()); err == nil || !strings.Contains(err.Error(), "it contains no meter") {
			t.Errorf("%s: Sample = %v, %v, want an error that says that it contains no meter", body, sample.Meters, err)
		}
		empty = false
		sample, err := s.Sample(t.Context())
		if pv, ok := sample.Meter(envoy.Production); err != nil || !ok || pv.Register != envoy.EIMRegister {
			t.Errorf("%s, then all: Sample = %v, %v", body, sample.Meters, err)
		}
		srv.Close()
	}
}

// TestNewMeterAsksForASession: production does not change its source under a
// running session.
func TestNewMeterAsksForASession(t *testing.T) {
	gw := &envoytest.Gateway{CTs: envoytest.NoCTs}
	s := open(t, gw, auth.StaticToken("t"))
	before, err := s.Sample(t.Context())
	if err != nil || before.HasCT {
		t.Fatal(before, err)
	}
	gw.Change(func(g *envoytest.Gateway) { g.CTs = envoytest.BothCTs })
	for i := range 3 {
		after, err := s.Sample(t.Context())
		if i < 2 && err != nil || i == 2 && !errors.Is(err, envoy.ErrReopen) {
			t.Errorf("answer %d with a new meter: %v, want ErrReopen with the third", i+1, err)
		}
		if m, ok := after.Meter(envoy.Production); i < 2 && (!ok || len(m.Phases) > 0) {
			t.Errorf("answer %d with a new meter: production %v, %t, want the inverters'", i+1, m, ok)
		}
	}
}

// TestStandardGatewayIsReadOnce: where only the inverters are known, one
// request tells all.
func TestStandardGatewayIsReadOnce(t *testing.T) {
	gw := &envoytest.Gateway{Standard: true}
	s := open(t, gw, auth.StaticToken("t"))
	for range 10 {
		if _, err := s.Sample(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := gw.Count("/production.json"); n != 1 {
		t.Errorf("/production.json was read %d times, want once", n)
	}
}

// TestSampleTime: a clock that is set, as at the start of a small computer,
// makes no sample older or younger than it is.
func TestSampleTime(t *testing.T) {
	for _, source := range []envoy.Source{envoy.FromProduction, envoy.AutoSource, envoy.FromMeters, envoy.FromLivedata} {
		gw := &envoytest.Gateway{Phases: 3}
		srv := envoytest.NewTLSServer(gw)
		c := &envoy.Client{Host: srv.Addr, Tokens: auth.StaticToken("t"), Source: source}
		s, err := c.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sample, err := s.Sample(t.Context())
		for range 10 {
			if err == nil {
				break
			}
			time.Sleep(300 * time.Millisecond) // live data have to be started
			sample, err = s.Sample(t.Context())
		}
		if err != nil || !strings.Contains(sample.Time.String(), " m=") {
			t.Errorf("%v: time %v, %v, want one with the monotonic clock's", source, sample.Time, err)
		}
		srv.Close()
	}
}
