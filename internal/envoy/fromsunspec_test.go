package envoy_test

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/sunspec/sunspectest"
)

// openSunSpec opens a session with a gateway that has Modbus TCP. It has no token: none
// is needed. The Modbus library connects by itself, so that there is no synctest here.
func openSunSpec(t *testing.T, values sunspectest.Values) (*sunspectest.Device, *envoy.Client, *envoy.Session) {
	t.Helper()
	srv := envoytest.NewTLSServer(new(envoytest.Gateway))
	d := sunspectest.Start(sunspectest.Common(), sunspectest.AC(values))
	c := &envoy.Client{Host: srv.Addr, Source: envoy.FromSunSpec, ModbusPort: d.Port()}
	t.Cleanup(func() {
		c.CloseIdle()
		if !d.WaitForConnections(0) {
			t.Error("CloseIdle leaves the connection to Modbus open")
		}
		d.Close()
		srv.Close()
	})
	s, err := c.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return d, c, s
}

// quantityText returns the values of a channel; - is absent.
func quantityText(c envoy.Channel) string {
	var s []string
	for _, q := range []envoy.Quantity{envoy.Power, envoy.Voltage, envoy.Current, envoy.Frequency, envoy.PowerFactor, envoy.ApparentPower, envoy.ReactivePower, envoy.Energy, envoy.EnergyReceived, envoy.EnergyImport} {
		if v, ok := c.Get(q); ok {
			s = append(s, fmt.Sprintf("%.6g", v))
		} else {
			s = append(s, "-")
		}
	}
	return strings.Join(s, " ")
}

func TestSunSpecSample(t *testing.T) {
	for _, tt := range []struct {
		name   string
		values sunspectest.Values
		change sunspectest.Values
		want   []string // the total and the phases
	}{
		{"three phases", sunspectest.ThreePhases(), nil, []string{
			"4321 - 19.11 49.987 - 4400 -310 12345.7 4.321 -",
			"1440 231.2 6.34 - 0.982 1466 -103 4115.23 1.441 -",
			"1441 230.7 6.36 - 0.982 1467 -104 4115.23 1.44 -",
			"1440 231.4 6.41 - 0.981 1467 -103 4115.23 1.44 -",
		}},
		{"one phase", sunspectest.OnePhase(), nil, []string{"1500 230.1 6.5 50.01 0.99 1520 - 9876.54 - -"}},
		{"at night: what is consumed is negative", sunspectest.OnePhase(), sunspectest.Values{"W": -1}, []string{"-10 230.1 -6.5 50.01 0.99 1520 - 9876.54 - -"}},
		{"power alone", sunspectest.Values{"W": 12, "W_SF": 0}, nil, []string{"12 - - - - - - - - -"}},
		{"a power factor that cannot be", sunspectest.OnePhase(), sunspectest.Values{"PF": 990}, []string{"1500 230.1 6.5 50.01 - 1520 - 9876.54 - -"}},
	} {
		values := maps.Clone(tt.values)
		maps.Copy(values, tt.change)
		_, _, s := openSunSpec(t, values)
		sample, err := s.Sample(t.Context())
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if len(sample.Meters) != 1 || sample.NoGrid == nil || sample.HasCT || !sample.MeasuredAt.IsZero() || sample.Took <= 0 {
			t.Errorf("%s: sample %+v, want production alone", tt.name, sample)
		}
		m, _ := sample.Meter(envoy.Production)
		got := []string{quantityText(m.Total)}
		for _, p := range m.Phases {
			got = append(got, quantityText(p))
		}
		if fmt.Sprint(got) != fmt.Sprint(tt.want) || m.Register != envoy.SunSpecRegister {
			t.Errorf("%s: %q of %v, want %q", tt.name, got, m.Register, tt.want)
		}
		if source, why, ok := s.Source(); source != envoy.FromSunSpec || why != "" || !ok {
			t.Errorf("%s: Source = %v, %q, %v", tt.name, source, why, ok)
		}
	}
}

// TestSunSpecRefuses: values that are not plausible, and what kind of failure they are.
func TestSunSpecRefuses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change sunspectest.Values
		want   string
		kind   envoy.Failure
	}{
		{"no power", sunspectest.Values{"W": -0x8000}, "model 701 of Modbus TCP: W is missing", envoy.FailureOther},
		{"a power that cannot be", sunspectest.Values{"W_SF": 9}, "which no CT can measure", envoy.FailureOther},
		{"a power of a phase that cannot be", sunspectest.Values{"W": 0, "WL2": 30000, "W_SF": 3}, "model 701 of Modbus TCP: line 2: W is", envoy.FailureOther},
		{"a wrong scale factor", sunspectest.Values{"TotWh_SF": 99}, "TotWhInj is not a number", envoy.FailureOther},
		{"nothing measured yet", sunspectest.Values{"W": 0, "WL1": 0, "AL1": 0, "VL1": 0, "WL2": 0, "AL2": 0, "VL2": 0, "WL3": 0, "AL3": 0, "VL3": 0}, "every number", envoy.FailureSkipped},
	} {
		values := sunspectest.ThreePhases()
		maps.Copy(values, tt.change)
		_, _, s := openSunSpec(t, values)
		_, err := s.Sample(t.Context())
		if err == nil || !strings.Contains(err.Error(), tt.want) || envoy.FailureOf(err) != tt.kind {
			t.Errorf("%s: %v (%s), want %q (%s)", tt.name, err, envoy.FailureOf(err), tt.want, tt.kind)
		}
	}
}

// TestSunSpecPhases: a phase that disappears is missing in two samples, and then
// accepted as missing.
func TestSunSpecPhases(t *testing.T) {
	d, c, s := openSunSpec(t, sunspectest.ThreePhases())
	if _, err := s.Sample(t.Context()); err != nil {
		t.Fatal(err)
	}
	two := sunspectest.ThreePhases()
	two["WL3"] = -0x8000
	d.Change(sunspectest.Common(), sunspectest.AC(two))
	for i, want := range []envoy.Failure{envoy.FailureSkipped, envoy.FailureSkipped, envoy.FailureOther} {
		_, err := s.Sample(t.Context())
		if envoy.FailureOf(err) != want || errors.Is(err, envoy.ErrReopen) != (i == 2) {
			t.Errorf("sample %d: %v", i, err)
		}
	}
	s, err := c.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sample, err := s.Sample(t.Context())
	if m, _ := sample.Meter(envoy.Production); err != nil || len(m.Phases) != 2 {
		t.Errorf("in another session: %d phases, %v", len(m.Phases), err)
	}
	if connections, _, _ := d.Counts(); connections != 1 {
		t.Errorf("%d connections, want one for both sessions", connections)
	}
}

// TestSunSpecFailures: what goes wrong has a kind, is observed, and the sample after it
// is right.
func TestSunSpecFailures(t *testing.T) {
	d, c, _ := openSunSpec(t, sunspectest.OnePhase())
	var observed []string
	c.Observe = func(path string, _ time.Duration, err error) {
		if path == "modbus" {
			observed = append(observed, fmt.Sprint(err == nil))
		}
	}
	c.Timeout = time.Minute
	s, err := c.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sample := func(want envoy.Failure, target error) {
		t.Helper()
		_, err := s.Sample(t.Context())
		if want == "" && err != nil || want != "" && (err == nil || envoy.FailureOf(err) != want) || target != nil && !errors.Is(err, target) {
			t.Errorf("Sample = %v (%s), want %s, %v", err, envoy.FailureOf(err), want, target)
		}
	}
	sample("", nil)
	d.Fault(sunspectest.Exception, 1)
	sample(envoy.FailureOther, nil)
	sample("", nil)
	d.Down()
	sample(envoy.FailureConnection, envoy.ErrNoModbus)
	if err := s.ProbeModbus(t.Context()); err == nil {
		t.Error("ProbeModbus of a closed port succeeds")
	}
	d.Change(sunspectest.Common())
	up(t, d)
	sample(envoy.FailureOther, envoy.ErrNoSunSpec)
	d.Change(sunspectest.Common(), sunspectest.AC(sunspectest.OnePhase()))
	sample("", nil)
	if err := s.ProbeModbus(t.Context()); err != nil {
		t.Errorf("ProbeModbus = %v", err)
	}
	if got := strings.Join(observed, " "); got != "true false true false false true" {
		t.Errorf("observed %s", got)
	}
}

// TestSunSpecTimeout: a device that does not respond costs the Timeout of the client.
func TestSunSpecTimeout(t *testing.T) {
	d, c, _ := openSunSpec(t, sunspectest.OnePhase())
	c.Timeout = 100 * time.Millisecond
	d.Fault(sunspectest.Hang, -1)
	s, err := c.Open(t.Context()) // /info has the timeout of the first session
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Sample(t.Context())
	if envoy.FailureOf(err) != envoy.FailureTimeout || !strings.Contains(err.Error(), "no complete response within 100ms") {
		t.Errorf("Sample = %v", err)
	}
	d.Down() // ends the request that is still waiting
}

func up(t *testing.T, d *sunspectest.Device) {
	t.Helper()
	if err := d.Up(); err != nil {
		t.Fatal(err)
	}
}
