package sunspec_test

import (
	"fmt"
	"maps"
	"math"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/sunspec"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/sunspec/sunspectest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// registers returns the model 701 with values and changes, from its id on.
func registers(values sunspectest.Values, changes ...sunspectest.Values) []uint16 {
	values = maps.Clone(values)
	for _, c := range changes {
		maps.Copy(values, c)
	}
	m := sunspectest.AC(values)
	return append([]uint16{m.ID, uint16(len(m.Registers))}, m.Registers...)
}

// text returns the values of a measurement in one line; - is absent, ! malformed.
func text(m sunspec.Measurement) string {
	number := func(n wire.Number) string {
		switch n.Kind {
		case wire.Absent:
			return "-"
		case wire.Numeric:
			return fmt.Sprint(n.Value)
		}
		return "!"
	}
	line := func(l sunspec.Line) string {
		var s []string
		for _, n := range []wire.Number{l.W, l.VA, l.Var, l.PF, l.A, l.V, l.TotWhInj, l.TotWhAbs} {
			s = append(s, number(n))
		}
		return strings.Join(s, " ")
	}
	var s strings.Builder
	s.WriteString(line(m.Total) + " " + number(m.Hz))
	for _, l := range m.Lines {
		s.WriteString(" | " + line(l))
	}
	return s.String()
}

func TestParse(t *testing.T) {
	one, three := sunspectest.OnePhase(), sunspectest.ThreePhases()
	const lines = " | 1440 1466 -103 0.982 6.34 231.2 4.115226e+06 1441 | 1441 1467 -104 0.982 6.36 230.7 4.115226e+06 1440 | 1440 1467 -103 0.981 6.41 231.4 4.115226e+06 1440"
	for _, tt := range []struct {
		name   string
		values sunspectest.Values
		change sunspectest.Values
		want   string // W VA Var PF A V TotWhInj TotWhAbs Hz | the same of lines, without Hz
	}{
		{"three phases", three, nil, "4321 4400 -310 0.982 19.11 - 1.2345678e+07 4321 49.987" + lines},
		{"one phase", one, nil, "1500 1520 - 0.99 6.5 230.1 9.87654e+06 - 50.01 | 1500 1520 - 0.99 6.5 230.1 9.87654e+06 -"},
		{"consumes at night", one, sunspectest.Values{"W": -1, "WL1": -1}, "-10 1520 - 0.99 6.5 230.1 9.87654e+06 - 50.01 | -10 1520 - 0.99 6.5 230.1 9.87654e+06 -"},
		{"generates nothing", one, sunspectest.Values{"W": 0, "WL1": 0}, "0 1520 - 0.99 6.5 230.1 9.87654e+06 - 50.01 | 0 1520 - 0.99 6.5 230.1 9.87654e+06 -"},
		{"one phase, the others with zeros", one, sunspectest.Values{"WL2": 0, "AL2": 0, "VL2": 0, "WL3": 0, "VL3": 0}, "1500 1520 - 0.99 6.5 230.1 9.87654e+06 - 50.01 | 1500 1520 - 0.99 6.5 230.1 9.87654e+06 -"},
		{"the total of one phase", sunspectest.Values{"ACType": 0, "W": 7, "W_SF": 0, "LNV": 230, "V_SF": 0}, nil, "7 - - - - 230 - - -"},
		{"the total of three phases: the voltage is an average", sunspectest.Values{"ACType": 2, "W": 7, "W_SF": 0, "LNV": 230, "V_SF": 0}, nil, "7 - - - - - - - -"},
		{"a wiring that is not known", sunspectest.Values{"W": 7, "W_SF": 0, "LNV": 230, "V_SF": 0}, nil, "7 - - - - - - - -"},
		{"the greatest powers", sunspectest.Values{"W": math.MaxInt16, "VA": -math.MaxInt16, "W_SF": 1, "VA_SF": -10}, nil, "327670 -3.2767e-06 - - - - - - -"},
		{"no power", three, sunspectest.Values{"W": -0x8000}, "- 4400 -310 0.982 19.11 - 1.2345678e+07 4321 49.987" + lines},
		{"no scale factor of power", one, sunspectest.Values{"W_SF": -0x8000}, "- 1520 - 0.99 6.5 230.1 9.87654e+06 - 50.01"},
		{"a scale factor that cannot be", one, sunspectest.Values{"W_SF": 11, "TotWh_SF": -11}, "! 1520 - 0.99 6.5 230.1 ! - 50.01 | ! 1520 - 0.99 6.5 230.1 ! -"},
		{"voltages of drafts that are not implemented", one, sunspectest.Values{"VL1": 0x8000}, "1500 1520 - 0.99 6.5 - 9.87654e+06 - 50.01 | 1500 1520 - 0.99 6.5 - 9.87654e+06 -"},
		{"counters of drafts that are not implemented", one, sunspectest.Values{"TotWhInj": 0, "TotWhInjL1": math.MinInt64}, "1500 1520 - 0.99 6.5 230.1 - - 50.01 | 1500 1520 - 0.99 6.5 230.1 - -"},
		{"a counter of 48 bits", one, sunspectest.Values{"TotWhInj": 1 << 40, "TotWh_SF": 0}, "1500 1520 - 0.99 6.5 230.1 1.099511627776e+12 - 50.01 | 1500 1520 - 0.99 6.5 230.1 987654 -"},
		{"a counter that cannot be", one, sunspectest.Values{"TotWhInj": 1 << 50, "TotWh_SF": 0}, "1500 1520 - 0.99 6.5 230.1 ! - 50.01 | 1500 1520 - 0.99 6.5 230.1 987654 -"},
	} {
		m, err := sunspec.Parse(registers(tt.values, tt.change))
		if got := text(m); err != nil || got != tt.want {
			t.Errorf("%s: Parse = %s, %v, want %s", tt.name, got, err, tt.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	whole := registers(sunspectest.OnePhase())
	changed := func(at int, v uint16) []uint16 {
		rs := append([]uint16(nil), whole...)
		rs[at] = v
		return rs
	}
	for _, tt := range []struct {
		name      string
		registers []uint16
		want      string
	}{
		{"nothing", nil, "0 registers of the model 701, which has 121"},
		{"a part", whole[:120], "120 registers of the model 701, which has 121"},
		{"another model", changed(0, 103), "the model 701 has become a model 103"},
		{"too short", changed(1, 118), "the length of the model 701 is 118, too short for its scale factors"},
	} {
		if _, err := sunspec.Parse(tt.registers); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: Parse = %v, want %q", tt.name, err, tt.want)
		}
	}
	if _, err := sunspec.Parse(changed(1, 119)); err != nil {
		t.Errorf("without the alarm text: %v", err)
	}
}

func TestIsUnused(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change sunspectest.Values
		want   bool
	}{
		{"generates", nil, false},
		{"at night", sunspectest.Values{"W": 0, "WL1": 0, "AL1": 0, "A": 0}, false},
		{"after a start", sunspectest.Values{"W": 0, "WL1": 0, "AL1": 0, "A": 0, "VL1": 0, "LNV": 0}, true},
		{"the total, after a start", sunspectest.Values{"WL1": -0x8000, "W": 0, "A": 0, "LNV": 0}, true},
		{"the total, at night", sunspectest.Values{"WL1": -0x8000, "W": 0, "A": 0}, false},
	} {
		m, err := sunspec.Parse(registers(sunspectest.OnePhase(), tt.change))
		if err != nil || m.IsUnused() != tt.want {
			t.Errorf("%s: IsUnused = %v, %v, want %v", tt.name, m.IsUnused(), err, tt.want)
		}
	}
}

// FuzzMeasurement: whatever the registers contain, a value is finite and of the size
// that a device can count.
func FuzzMeasurement(f *testing.F) {
	for _, values := range []sunspectest.Values{sunspectest.OnePhase(), sunspectest.ThreePhases(), {}} {
		var seed []byte
		for _, r := range registers(values) {
			seed = append(seed, byte(r>>8), byte(r))
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var rs []uint16
		for i := 0; i+1 < len(data); i += 2 {
			rs = append(rs, uint16(data[i])<<8|uint16(data[i+1]))
		}
		m, err := sunspec.Parse(rs)
		if err != nil {
			return
		}
		if len(m.Lines) > 3 {
			t.Errorf("%d lines", len(m.Lines))
		}
		m.IsUnused()
		for _, l := range append([]sunspec.Line{m.Total, {W: m.Hz}}, m.Lines...) {
			for _, n := range []wire.Number{l.W, l.VA, l.Var, l.PF, l.A, l.V, l.TotWhInj, l.TotWhAbs} {
				if math.IsNaN(n.Value) || math.Abs(n.Value) >= 1e15 || n.Kind != wire.Numeric && n.Value != 0 {
					t.Errorf("%v of %v", n, rs)
				}
			}
		}
	})
}
