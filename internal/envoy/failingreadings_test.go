package envoy_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestReadingsFail: what goes wrong with the readings at first is not given up on at once.
func TestReadingsFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gw := &envoytest.Gateway{Phases: 3, Start: noon}
		s := sampleFrom(t, gw, envoy.AutoSource)
		gw.FaultAt("/ivp/meters/readings", envoytest.Busy, 2)
		for range 2 {
			sample := s.next(t)
			if _, _, ok := s.Source(); ok {
				t.Error("a source was chosen although the readings could not be read")
			}
			pv, _ := sample.Meter(envoy.Production)
			if kWh, ok := pv.Total.Get(envoy.Energy); ok {
				t.Errorf("%v kWh, whose source is not known yet", kWh)
			}
		}
		s.next(t)
		if source, _, ok := s.Source(); !ok || source != envoy.FromMeters {
			t.Errorf("Source = %v, %v after the readings are back, want the readings", source, ok)
		}
	})
}

// TestReadingsHang: readings that never come hold up the first samples for
// seconds each, and then no more; samples are fresh all the same.
func TestReadingsHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gw := &envoytest.Gateway{Phases: 3, Start: noon, Latencies: map[string]time.Duration{"/ivp/meters/readings": time.Hour}}
		s := sampleFrom(t, gw, envoy.AutoSource)
		start := time.Now()
		for range 6 {
			if sample := s.next(t); time.Since(sample.Time) > time.Second {
				t.Errorf("a sample of %v ago", time.Since(sample.Time))
			}
		}
		source, why, ok := s.Source()
		if took := time.Since(start); took > 40*time.Second || !ok || source != envoy.FromProduction || !strings.Contains(why, "no complete response") {
			t.Errorf("six samples took %v; Source = %v, %q, %v", took, source, why, ok)
		}
	})
}

// TestReadingsWithoutToken: what is not asked for, for want of a token, has not died.
func TestReadingsWithoutToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gw := &envoytest.Gateway{Phases: 3, Start: noon}
		s := sampleFrom(t, gw, envoy.AutoSource)
		s.next(t)
		s.next(t)
		src := new(tokens)
		s.client.Tokens = src
		var err error
		if s.Session, err = s.client.Open(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.next(t)
		src.err = errors.New("the cloud cannot be reached")
		gw.Fault(envoytest.Unauthorized, -1)
		for range 60 {
			time.Sleep(10 * time.Second)
			if _, err := s.Sample(t.Context()); envoy.FailureOf(err) != envoy.FailureToken {
				t.Fatalf("Sample without a token = %v", err)
			}
		}
		src.err = nil
		gw.Clear()
		s.next(t)
		if n := gw.Count("/production.json"); n != 1 {
			t.Errorf("/production.json was asked for %d times, want once, when the source was chosen", n)
		}
	})
}

// TestReadingsDie: readings that are not to be had any more, though the gateway
// answers, are left for /production.json after five minutes, until they are back.
func TestReadingsDie(t *testing.T) {
	for _, fault := range []envoytest.Fault{envoytest.Busy, envoytest.Zero, envoytest.HTML} {
		synctest.Test(t, func(t *testing.T) {
			gw := &envoytest.Gateway{Phases: 3, Start: noon}
			s := sampleFrom(t, gw, envoy.AutoSource)
			s.next(t)
			s.next(t)
			gw.FaultAt("/ivp/meters/readings", fault, -1)
			start, failures := time.Now(), 0
			for time.Since(start) < time.Hour {
				time.Sleep(10 * time.Second)
				_, err := s.Sample(t.Context())
				if err == nil {
					break
				}
				_, skipped := errors.AsType[*envoy.SkippedError](err)
				if failures++; !skipped && (errors.Is(err, envoy.ErrReopen) || failures%2 == 0) { // as the bridge does
					if s.Session, err = s.client.Open(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
			}
			if took := time.Since(start); took < 5*time.Minute || took > 6*time.Minute {
				t.Errorf("%s: a sample came after %v, want one after five minutes", fault, took)
			}
			for range 3 {
				s.next(t)
			}
			if err := s.CheckSource(t.Context()); err != nil {
				t.Errorf("%s: CheckSource = %v while the readings fail", fault, err)
			}
			gw.FaultAt("/ivp/meters/readings", fault, 0)
			s.next(t)
			err := s.CheckSource(t.Context())
			if !errors.Is(err, envoy.ErrReopen) {
				t.Errorf("%s: CheckSource = %v after the readings are back, want one that asks for another session", fault, err)
			}
			if s.Session, err = s.client.Open(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.next(t)
			if source, _, ok := s.Source(); !ok || source != envoy.FromMeters {
				t.Errorf("%s: Source = %v, %t, want the readings", fault, source, ok)
			}
		})
	}
}
