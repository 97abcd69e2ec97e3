package envoy_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

func TestFaults(t *testing.T) {
	for _, tt := range []struct {
		fault envoytest.Fault
		want  string
	}{
		{envoytest.ServerError, "500 Internal Server Error"},
		{envoytest.Busy, "503 Service Unavailable"},
		{envoytest.Garbage, "not valid JSON"},
		{envoytest.Truncated, "not valid JSON"},
		{envoytest.HTML, "web page"},
		{envoytest.Null, "is missing in the response"},
		{envoytest.Reset, "reset"},
		{envoytest.Huge, "longer than 4 MiB"},
		{envoytest.Redirect, "redirects are not followed"},
		{envoytest.Flicker, "skipped"},
		{envoytest.Zero, "zero"},
		{envoytest.BadNumber, "not a number"},
		{envoytest.Data401, "although its own check accepts the token"},
	} {
		gw := &envoytest.Gateway{Phases: 3}
		s := open(t, gw, auth.StaticToken("t"))
		if _, err := s.Sample(t.Context()); err != nil {
			t.Fatal(err)
		}
		gw.Fault(tt.fault, 2)
		_, err := s.Sample(t.Context())
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: Sample = %v, want an error with %q", tt.fault, err, tt.want)
		}
		gw.Clear()
		if _, err := s.Sample(t.Context()); err != nil {
			t.Errorf("after %s: Sample = %v, want a sample", tt.fault, err)
		}
	}
}

func TestSlowAnswersEnd(t *testing.T) {
	for _, fault := range []envoytest.Fault{envoytest.Hang, envoytest.Slow} {
		synctest.Test(t, func(t *testing.T) {
			gw := new(envoytest.Gateway)
			s := sampleFrom(t, gw, envoy.FromProduction)
			gw.FaultAt("/production.json", fault, 1)
			start := time.Now()
			_, err := s.Sample(t.Context())
			if err == nil || !strings.Contains(err.Error(), "no complete response within 45s") || time.Since(start) != 45*time.Second {
				t.Errorf("%s: Sample = %v after %v, want an error after 45s", fault, err, time.Since(start))
			}
			if _, err = s.Sample(t.Context()); err != nil {
				t.Errorf("after %s: %v", fault, err)
			}
		})
	}
}
