package envoy

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// want is a meter's powers: of the whole, then of its phases.
type want map[Measurement][]float64

func powers(meters []Meter) want {
	w := want{}
	for _, m := range meters {
		p, _ := m.Total.Get(Power)
		w[m.Measurement] = []float64{p}
		for _, c := range m.Phases {
			p, _ := c.Get(Power)
			w[m.Measurement] = append(w[m.Measurement], p)
		}
	}
	return w
}

func equal(a, b want) bool {
	if len(a) != len(b) {
		return false
	}
	for m, vs := range a {
		if len(vs) != len(b[m]) {
			return false
		}
		for i, v := range vs {
			if math.Abs(v-b[m][i]) > 1e-9 {
				return false
			}
		}
	}
	return true
}

const pv = `{"type":"inverters","activeCount":3,"wNow":900},{"type":"eim","activeCount":1,"measurementType":"production","wNow":1000,"whLifetime":5000`

func body(production, consumption string) string {
	return `{"production":[` + production + `],"consumption":` + consumption + `}`
}

func netBody(rest string) string {
	return body(pv+`}`, `[{"type":"eim","measurementType":"net-consumption",`+rest+`}]`)
}

func TestParseProduction(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		want       want
	}{
		{"no lines", netBody(`"wNow":-300.5`), want{Production: {1000}, NetConsumption: {-300.5}}},
		{"empty lines", netBody(`"wNow":-300.5,"lines":[]`), want{Production: {1000}, NetConsumption: {-300.5}}},
		{"lines are no list", netBody(`"wNow":-300.5,"lines":"none"`), want{Production: {1000}, NetConsumption: {-300.5}}},
		{"one line is no phase", netBody(`"wNow":50,"lines":[{"wNow":50}]`), want{Production: {1000}, NetConsumption: {50}}},
		{"two lines", netBody(`"wNow":50,"lines":[{"wNow":80},{"wNow":-30}]`), want{Production: {1000}, NetConsumption: {50, 80, -30}}},
		{"three lines", netBody(`"wNow":60,"lines":[{"wNow":10},{"wNow":20},{"wNow":30}]`), want{Production: {1000}, NetConsumption: {60, 10, 20, 30}}},
		{"a fourth line", netBody(`"wNow":60,"lines":[{"wNow":10},{"wNow":20},{"wNow":30},{"wNow":"x"}]`), want{Production: {1000}, NetConsumption: {60, 10, 20, 30}}},
		{"unused third line", netBody(`"wNow":30,"lines":[{"wNow":10},{"wNow":20},{"wNow":0,"rmsVoltage":0.0}]`), want{Production: {1000}, NetConsumption: {30, 10, 20}}},
		{"noise of an unused third line", netBody(`"wNow":30,"lines":[{"wNow":10},{"wNow":20},{"wNow":-0.4,"rmsVoltage":6.1,"rmsCurrent":0.2,"whLifetime":0.02}]`), want{Production: {1000}, NetConsumption: {30, 10, 20}}},
		{"third line of few volts and a power", netBody(`"wNow":60,"lines":[{"wNow":10},{"wNow":20},{"wNow":30,"rmsVoltage":6.1}]`), want{Production: {1000}, NetConsumption: {60, 10, 20, 30}}},
		{"third phase at rest", netBody(`"wNow":30,"lines":[{"wNow":10},{"wNow":20},{"wNow":0,"rmsVoltage":230}]`), want{Production: {1000}, NetConsumption: {30, 10, 20, 0}}},
		{"CT not enabled", netBody(`"activeCount":0,"wNow":-11`), want{Production: {1000}}},
		{"a count that is null", netBody(`"activeCount":null,"wNow":-2.6`), want{Production: {1000}}},
		{"malformed, but not enabled", netBody(`"activeCount":0,"wNow":"x"`), want{Production: {1000}}},
		{"strangers are skipped", body(pv+`},7,{"type":"rgms","wNow":"x"}`, `[null,"x",{"measurementType":"load","wNow":[]},{"measurementType":"net-consumption","wNow":1}]`), want{Production: {1000}, NetConsumption: {1}}},
		{"the first counts", body(pv+`}`, `[{"measurementType":"net-consumption","wNow":1},{"measurementType":"net-consumption","wNow":2}]`), want{Production: {1000}, NetConsumption: {1}}},
		{"production without a name (4.2.33)", body(`{"type":"eim","activeCount":1,"wNow":-8.796}`, `[{"type":"eim","activeCount":0,"wNow":0}]`), want{Production: {-8.796}}},
		{"no consumption", `{"production":[` + pv + `}]}`, want{Production: {1000}}},
		{"consumption is no list", body(pv+`}`, `{"wNow":5}`), want{Production: {1000}}},
		{"null", `null`, want{}},
		{"a list", `[1,2]`, want{}},
		{
			"total is net (8.3.5433)", body(pv+`}`,
				`[{"measurementType":"total-consumption","wNow":400,"whLifetime":70},{"measurementType":"net-consumption","wNow":400,"whLifetime":70}]`),
			want{Production: {1000}, TotalConsumption: {1400}, NetConsumption: {400}},
		},
		{
			"total is net at night", body(`{"type":"eim","activeCount":1,"measurementType":"production","wNow":0,"whLifetime":5000}`,
				`[{"measurementType":"total-consumption","wNow":400,"whLifetime":5070},{"measurementType":"net-consumption","wNow":400,"whLifetime":70}]`),
			want{Production: {0}, TotalConsumption: {400}, NetConsumption: {400}},
		},
	} {
		r, err := parseProduction([]byte(tt.body), new(layout))
		if got := powers(r.meters); err != nil || !equal(got, tt.want) {
			t.Errorf("%s: parseProduction = %v, %v, want %v", tt.name, got, err, tt.want)
		}
		if _, ok := tt.want[NetConsumption]; ok != (r.noGrid == nil) {
			t.Errorf("%s: noGrid = %v", tt.name, r.noGrid)
		}
	}
}

func TestParseProductionRefuses(t *testing.T) {
	for _, tt := range []struct{ name, body, want string }{
		{"no number", netBody(`"wNow":"12"`), "net-consumption: wNow is not a number"},
		{"null", netBody(`"wNow":null`), "net-consumption: wNow is not a number"},
		{"too large", netBody(`"wNow":1e999`), "net-consumption: wNow is not a number"},
		{"a counter as the power", netBody(`"wNow":1234567.8,"whLifetime":1234567.8`), "net-consumption: wNow is 1234568 W as whLifetime, which no CT can measure"},
		{"a count that ran over", netBody(`"wNow":-2147483.648`), "net-consumption: wNow is -2147484 W, which no CT can measure"},
		{"missing", netBody(`"activeCount":1`), "net-consumption: wNow is missing"},
		{"line no object", netBody(`"wNow":1,"lines":[{"wNow":1},5]`), "net-consumption line 2: wNow is missing (lines[1])"},
		{"line without power", netBody(`"wNow":1,"lines":[{"wNow":1},{}]`), "net-consumption line 2: wNow is missing (lines[1])"},
		{"line no number", netBody(`"wNow":1,"lines":[{"wNow":true}]`), "net-consumption line 1: wNow is not a number (lines[0])"},
		{"voltage no number", netBody(`"wNow":1,"lines":[{"wNow":1},{"wNow":1,"rmsVoltage":"230"}]`), "net-consumption line 2: rmsVoltage is not a number (lines[1])"},
		{"count no number", netBody(`"activeCount":"1","wNow":1`), "net-consumption: activeCount is not a number"},
		{"production", body(`{"type":"eim","measurementType":"production","wNow":[]}`, `[]`), "production: wNow is not a number"},
		{"total", body(pv+`}`, `[{"measurementType":"total-consumption","wNow":{}}]`), "total-consumption: wNow is not a number"},
		{"no voltage, as after a start", netBody(`"wNow":0,"rmsVoltage":0,"rmsCurrent":0,"whLifetime":6769263`), "voltage and power of net-consumption are zero"},
		{"all zero", netBody(`"wNow":0,"rmsVoltage":0,"whLifetime":0`), "voltage and power of net-consumption are zero"},
		{"a page", "\n <!DOCTYPE html><h2>Not found</h2>", "web page"},
		{"truncated", netBody(`"wNow":1`)[:60], "not valid JSON"},
		{"NaN", netBody(`"wNow":NaN`), "not valid JSON"},
		{"two documents", netBody(`"wNow":1`) + `{}`, "not valid JSON"},
		{"nothing", "", "not valid JSON"},
	} {
		r, err := parseProduction([]byte(tt.body), new(layout))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: parseProduction = %v, %v, want an error with %q", tt.name, powers(r.meters), err, tt.want)
		}
	}
}

// TestDroppedLine: a line of nothing but zeros is not believed where its phase
// had volts before.
func TestDroppedLine(t *testing.T) {
	const zeros = `{"wNow":0,"whLifetime":0,"rmsVoltage":0}`
	for _, tt := range []struct{ before, now, want string }{
		{`[{"wNow":10,"rmsVoltage":230},{"wNow":20,"rmsVoltage":231}]`, `[{"wNow":10,"rmsVoltage":230},` + zeros + `]`, "L2 of net-consumption are zero"},
		{`[{"wNow":10,"rmsVoltage":230},{"wNow":20,"rmsVoltage":231}]`, `[` + zeros + `,{"wNow":20,"rmsVoltage":231}]`, "L1 of net-consumption are zero"},
		{`[{"wNow":10,"rmsVoltage":230},{"wNow":20,"rmsVoltage":231}]`, `[{"wNow":10,"rmsVoltage":230},{"wNow":0,"rmsVoltage":0,"whLifetime":7}]`, "<nil>"},
		{`[` + zeros + `,{"wNow":20,"rmsVoltage":231}]`, `[` + zeros + `,{"wNow":20,"rmsVoltage":231}]`, "<nil>"},
	} {
		known := new(layout)
		r, err := parseProduction([]byte(netBody(`"wNow":30,"lines":`+tt.before)), known)
		if err != nil {
			t.Fatal(err)
		}
		known.add(&r)
		known.legs.add(r.meters)
		if r, err = parseProduction([]byte(netBody(`"wNow":30,"lines":`+tt.now)), known); err == nil {
			err = r.dropLost(&known.legs)
		}
		if !strings.Contains(fmt.Sprint(err), tt.want) {
			t.Errorf("%s after %s: %v, want %s", tt.now, tt.before, err, tt.want)
		}
	}
}

func TestParseProductionSaysWhatIsMissing(t *testing.T) {
	for _, tt := range []struct{ body, want string }{
		{`{"production":[` + pv + `}]}`, "reports no consumption: a consumption CT"},
		{body(pv+`}`, `"none"`), "reports no consumption: a consumption CT"},
		{body(pv+`}`, `[]`), "reports no net-consumption: a consumption CT"},
		{netBody(`"activeCount":0,"wNow":3`), "no active CT (activeCount 0): a consumption CT"},
	} {
		r, err := parseProduction([]byte(tt.body), new(layout))
		if err != nil || r.noGrid == nil || !strings.Contains(r.noGrid.Error(), tt.want) {
			t.Errorf("parseProduction(%s): noGrid = %v, %v, want %q", tt.body, r.noGrid, err, tt.want)
		}
	}
}

// TestElectrical holds what is said of voltages and power factors: on one
// phase they are the meter's, of several there is none.
func TestElectrical(t *testing.T) {
	const one = `"wNow":460,"rmsVoltage":230,"rmsCurrent":2.5,"apprntPwr":575,"pwrFactor":0.8,"reactPwr":-20`
	const sum = `"wNow":460,"rmsVoltage":690,"rmsCurrent":2.5,"apprntPwr":575,"pwrFactor":1.9,"reactPwr":-20`
	const split = `"wNow":460,"rmsVoltage":240,"rmsCurrent":5,"apprntPwr":600,"pwrFactor":0.8`
	for _, tt := range []struct {
		name, body            string
		voltage, phaseVoltage bool
	}{
		{"one line", one + `,"lines":[{` + one + `}]`, true, false},
		{"one phase without lines", one, true, false},
		{"a sum without lines", sum, false, false},
		{"split phase without lines", split, false, false},
		{"split phase at rest", `"wNow":1,"rmsVoltage":240,"rmsCurrent":0.02,"apprntPwr":2.4,"pwrFactor":0.4`, false, false},
		{"three lines", sum + `,"lines":[{` + one + `},{` + one + `},{` + one + `}]`, false, true},
	} {
		r, err := parseProduction([]byte(netBody(tt.body)), new(layout))
		if err != nil {
			t.Fatal(tt.name, err)
		}
		m := r.meter(NetConsumption)
		_, v := m.Total.Get(Voltage)
		_, pf := m.Total.Get(PowerFactor)
		if _, a := m.Total.Get(Current); v != tt.voltage || pf != tt.voltage || !a {
			t.Errorf("%s: voltage %t, power factor %t, current %t, want %t, %t, true", tt.name, v, pf, a, tt.voltage, tt.voltage)
		}
		for _, c := range m.Phases {
			if _, v := c.Get(Voltage); v != tt.phaseVoltage {
				t.Errorf("%s: phase voltage %t, want %t", tt.name, v, tt.phaseVoltage)
			}
		}
	}
}

func TestParseV1(t *testing.T) {
	for _, tt := range []struct {
		body  string
		watts float64
		err   string
	}{
		{`{"wattHoursToday":1,"wattHoursSevenDays":2,"wattHoursLifetime":3000,"wattsNow":12}`, 12, ""},
		{`{"wattHoursToday":0,"wattHoursSevenDays":0,"wattHoursLifetime":0,"wattsNow":12}`, 0, "every counter is zero"},
		{`{"wattHoursLifetime":3000}`, 0, "not a number"},
		{`<html>`, 0, "web page"},
	} {
		c, err := parseAPI([]byte(tt.body))
		w, _ := c.Get(Power)
		if w != tt.watts || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("parseAPI(%s) = %v W, %v, want %v W, %q", tt.body, w, err, tt.watts, tt.err)
		}
	}
}

// wantFinite fails for numbers that JSON has not, and for -0.
func wantFinite(t *testing.T, meters []Meter) {
	t.Helper()
	for _, m := range meters {
		for _, c := range append([]Channel{m.Total}, m.Phases...) {
			for q, v := range c.val {
				if math.IsNaN(v) || math.IsInf(v, 0) || v == 0 && math.Signbit(v) {
					t.Errorf("%s quantity %d = %v", m.Measurement, q, v)
				}
			}
		}
	}
}

// FuzzSample: any bytes give finite numbers or an error.
func FuzzSample(f *testing.F) {
	f.Add([]byte(netBody(`"wNow":-0.0,"lines":[{"wNow":1e308},{"wNow":1e308}]`)))
	f.Add([]byte(`{"production":[{"type":"eim","wNow":1}],"consumption":[{"measurementType":"net-consumption","wNow":1e400}]}`))
	f.Add([]byte(`<html>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := parseProduction(b, new(layout))
		if err != nil {
			return
		}
		s := Sample{Meters: r.meters}
		_ = Correction{Multiplier: []float64{-2}, Offset: []float64{5}}.apply(&s, TotalConsumption)
		wantFinite(t, append(s.Meters, Meter{Total: r.inverters}))
		for _, m := range s.Meters {
			if _, ok := m.Total.Get(Power); !ok {
				t.Errorf("%s has no power, from %q", m.Measurement, b)
			}
		}
	})
}

func BenchmarkParseProduction(b *testing.B) {
	const line = `{"wNow":-300.5,"whLifetime":7034,"varhLeadLifetime":1,"varhLagLifetime":2,"vahLifetime":3,"rmsCurrent":1.3,"rmsVoltage":230.1,"reactPwr":-20,"apprntPwr":310,"pwrFactor":0.97,"whToday":0,"whLastSevenDays":0}`
	text := []byte(netBody(line[1:len(line)-1] + `,"lines":[` + line + "," + line + "," + line + `]`))
	for b.Loop() {
		if _, err := parseProduction(text, new(layout)); err != nil {
			b.Fatal(err)
		}
	}
}
