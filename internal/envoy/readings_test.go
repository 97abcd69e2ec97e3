package envoy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
)

// row is a meter's row in invented numbers.
func row(eid int, w, dlvd, rcvd float64, channels ...float64) string {
	var cs []string
	for i := range 3 {
		p := 0.0
		if i < len(channels) {
			p = channels[i]
		}
		cs = append(cs, fmt.Sprintf(`{"eid":%d,"activePower":%v,"actEnergyDlvd":%v,"actEnergyRcvd":%v,"voltage":%v,"current":1.5,"freq":50.02,"pwrFactor":0.9,"apparentPower":%v,"reactivePower":-7}`,
			1778385169+i, p, dlvd/2, rcvd/2, 230.5, p*1.1))
	}
	return fmt.Sprintf(`{"eid":%d,"timestamp":1764000000,"activePower":%v,"actEnergyDlvd":%v,"actEnergyRcvd":%v,"voltage":691.5,"current":4.5,"freq":50.02,"pwrFactor":1.8,"channels":[%s]}`,
		eid, w, dlvd, rcvd, strings.Join(cs, ","))
}

var (
	pvCT    = device.MeterConfig{EID: "1", Kind: "production", Enabled: true, Phases: 2}
	netCT   = device.MeterConfig{EID: "2", Kind: "net-consumption", Enabled: true, Phases: 2}
	totalCT = device.MeterConfig{EID: "2", Kind: "total-consumption", Enabled: true, Phases: 2}
	batCT   = device.MeterConfig{EID: "3", Kind: "storage", Enabled: true, Phases: 2}
	offCT   = device.MeterConfig{EID: "9", Kind: "load"}
)

func TestParseReadings(t *testing.T) {
	body := func(rows ...string) string { return "[" + strings.Join(rows, ",") + "]" }
	pv, net, bat := row(1, 3000, 9e6, 20, 1600, 1400), row(2, -1200, 5e6, 4e6, -700, -500, -940), row(3, 250, 70e3, 90e3, 125, 125)
	phantom := row(1023410688, 0, 0, 0)
	for _, tt := range []struct {
		name    string
		configs []device.MeterConfig
		body    string
		want    string // meter power/energies:phases; or the error
	}{
		{
			"joined by eid, not by order",
			[]device.MeterConfig{pvCT, netCT},
			body(phantom, net, pv),
			"production 3000 9000:1600,1400 net-consumption -1200 5000+4000-:-700,-500 total-consumption 1800 10000:900,900",
		},
		{
			"disabled and unknown are not read",
			[]device.MeterConfig{pvCT, offCT, {EID: "2", Kind: "net-consumption", Phases: 2}, {EID: "3", Kind: "new", Enabled: true}},
			body(pv, net, bat),
			"production 3000 9000:1600,1400",
		},
		{"storage", []device.MeterConfig{batCT}, body(bat), "storage 250 90c70d:125,125"},
		{
			"a CT around the load",
			[]device.MeterConfig{pvCT, totalCT},
			body(pv, row(2, 1900, 8e6, 3, 1000, 900)),
			"production 3000 9000:1600,1400 total-consumption 1900 8000:1000,900 net-consumption -1100:-600,-500",
		},
		{
			"one phase, aggregate is the total",
			[]device.MeterConfig{{EID: "2", Kind: "net-consumption", Enabled: true, Phases: 1}},
			body(row(2, -36.6, 5e6, 4e6, -36.2, 0, -0.4)),
			"net-consumption -36.6 5000+4000-",
		},
		{"a row is missing", []device.MeterConfig{pvCT, netCT}, body(pv), "net-consumption CT is missing in the response"},
		{
			"a car charger's row is missing, and a battery rests",
			[]device.MeterConfig{netCT, batCT, {EID: "8", Kind: "evse", Enabled: true, Phases: 2}},
			body(net, row(3, 0, 0, 0)),
			"net-consumption -1200 5000+4000-:-700,-500 storage 0 0c0d:0,0",
		},
		{"a battery that was just started", []device.MeterConfig{netCT, batCT}, body(net, `{"eid":3,"activePower":0,"voltage":0,"channels":[]}`), "net-consumption -1200 5000+4000-:-700,-500"},
		{"no number", []device.MeterConfig{pvCT}, `[{"eid":1,"activePower":"12"}]`, "production: activePower is not a number"},
		{"null", []device.MeterConfig{pvCT}, `[{"eid":1,"activePower":null}]`, "production: activePower is not a number"},
		{"a counter as the power", []device.MeterConfig{pvCT}, `[{"eid":1,"activePower":123456.7,"actEnergyDlvd":123456.7}]`, "production: activePower is 123457 W as actEnergyDlvd, which no CT can measure"},
		{"a count that ran over", []device.MeterConfig{pvCT}, `[{"eid":1,"activePower":4294967.295}]`, "production: activePower is 4294967 W, which no CT can measure"},
		{"no power", []device.MeterConfig{pvCT}, `[{"eid":1,"voltage":230}]`, "production: activePower is missing"},
		{"the body of /ivp/meters", []device.MeterConfig{pvCT}, `[{"eid":1,"state":"enabled","measurementType":"production"}]`, "none of the 1 entries is understood"},
		{"an error in a list", []device.MeterConfig{pvCT}, `[{"error":"internal"}]`, "none of the 1 entries is understood"},
		{"a channel's volts", []device.MeterConfig{pvCT}, `[{"eid":1,"activePower":1,"channels":[{"activePower":1},{"activePower":1,"voltage":"x"}]}]`, "production line 2: voltage is not a number (channels[1])"},
		{"too few channels", []device.MeterConfig{pvCT}, `[{"eid":1,"activePower":1,"channels":[{"activePower":1}]}]`, "production has 1 channels for 2 phases"},
		{"just started", []device.MeterConfig{pvCT}, `[{"eid":1,"activePower":0,"voltage":0,"channels":[]}]`, "voltage and power of the production CT are zero"},
		{"its counters are there already", []device.MeterConfig{netCT}, `[{"eid":2,"activePower":0,"voltage":0,"current":0,"actEnergyDlvd":7069263,"channels":[]}]`, "voltage and power of the net-consumption CT are zero"},
		{"an error for an answer", []device.MeterConfig{pvCT}, `{"error":"busy"}`, "not supported by this gateway"},
		{"a page", []device.MeterConfig{pvCT}, `<html>`, "not supported by this gateway"},
		{"cut off", []device.MeterConfig{pvCT}, `[{"eid":1,`, "not valid JSON"},
	} {
		r, err := parseReadings([]byte(tt.body), tt.configs)
		if err != nil {
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
			}
			continue
		}
		r.meters = derive(r.meters)
		var got []string
		for _, m := range r.meters {
			got = append(got, short(m))
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, s, tt.want)
		}
	}
}

// TestDroppedPhase: a phase of nothing but zeros is not believed where it is
// known to be there, and its meter neither, whose numbers are then those of the
// other phases.
func TestDroppedPhase(t *testing.T) {
	const dead, alive = `{"activePower":0,"actEnergyDlvd":0,"actEnergyRcvd":0,"voltage":0,"current":0,"freq":60}`, `{"activePower":250,"actEnergyDlvd":35000,"actEnergyRcvd":45000,"voltage":121.5,"current":2}`
	two := func(eid int, whole, l1, l2 string) string {
		return fmt.Sprintf(`{"eid":%d,%s,"channels":[%s,%s,%s]}`, eid, whole[1:len(whole)-1], l1, l2, dead)
	}
	both := `{"activePower":500,"actEnergyDlvd":70000,"actEnergyRcvd":90000,"voltage":243}`
	split := batCT
	split.PhaseMode = "split"
	storage := "net-consumption 500 70+90-:250,250 storage 500 90c70d:250,250"
	for _, tt := range []struct {
		name    string
		battery device.MeterConfig
		bodies  []string // one after another
		want    string   // of the last
	}{
		{"none", batCT, []string{two(2, both, alive, alive) + "," + two(3, both, alive, alive)}, storage},
		{"a leg of storage", split, []string{two(2, both, alive, alive) + "," + two(3, alive, dead, alive)}, "net-consumption 500 70+90-:250,250"},
		{"its other leg", split, []string{two(2, both, alive, alive) + "," + two(3, alive, alive, dead)}, "net-consumption 500 70+90-:250,250"},
		{"a phase that never was", batCT, []string{two(2, both, alive, alive) + "," + two(3, alive, alive, dead)}, "net-consumption 500 70+90-:250,250 storage 250 45c35d:250,0"},
		{"a phase that was", batCT, []string{two(2, both, alive, alive) + "," + two(3, both, alive, alive), two(2, both, alive, alive) + "," + two(3, alive, dead, alive)}, "net-consumption 500 70+90-:250,250"},
		{"of the grid", batCT, []string{two(2, both, alive, alive) + "," + two(3, both, alive, alive), two(2, alive, alive, dead) + "," + two(3, both, alive, alive)}, "L2 of net-consumption are zero"},
		{"that came back", batCT, []string{two(2, both, alive, alive) + "," + two(3, both, alive, alive), two(2, alive, alive, dead), two(2, both, alive, alive) + "," + two(3, both, alive, alive)}, storage},
	} {
		var got string
		known := new(layout)
		for _, b := range tt.bodies {
			configs := []device.MeterConfig{netCT, tt.battery}
			r, err := parseReadings([]byte("["+b+"]"), configs)
			if err == nil {
				known.configure(configs)
				err = r.dropLost(&known.legs)
			}
			if got = ""; err != nil {
				got = err.Error()
				continue
			}
			known.legs.add(r.meters)
			for _, m := range r.meters {
				got += " " + short(m)
			}
		}
		if !strings.HasSuffix(got, tt.want) {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func short(m Meter) string {
	text := fmt.Sprintf("%s %v", m.Measurement, m.Total.val[Power])
	for _, e := range []struct {
		of   Quantity
		mark string
	}{{Energy, ""}, {EnergyImport, "+"}, {EnergyExport, "-"}, {EnergyCharged, "c"}, {EnergyDischarged, "d"}} {
		if v, ok := m.Total.Get(e.of); ok {
			if !strings.Contains(text[len(m.Measurement.String())+1:], " ") {
				text += " "
			}
			text += fmt.Sprint(v, e.mark)
		}
	}
	var ps []string
	for _, p := range m.Phases {
		ps = append(ps, fmt.Sprint(p.val[Power]))
	}
	if ps != nil {
		text += ":" + strings.Join(ps, ",")
	}
	return strings.ReplaceAll(strings.ReplaceAll(text, " +", "+"), " -:", "-:")
}

// TestReadingQuantities: of several phases there are no volts and no power
// factor, of one there are its own.
func TestReadingQuantities(t *testing.T) {
	net := netCT
	for phases, want := range map[int]struct{ volts, amps float64 }{1: {230.5, 1.5}, 2: {0, 3}} {
		net.Phases = phases
		r, err := parseReadings([]byte("["+row(2, 500, 1, 1, 300, 200)+"]"), []device.MeterConfig{net})
		if err != nil {
			t.Fatal(err)
		}
		r.meters[0].signCurrent()
		total := r.meters[0].Total
		volts, _ := total.Get(Voltage)
		amps, _ := total.Get(Current)
		_, hasPF := total.Get(PowerFactor)
		hz, _ := total.Get(Frequency)
		if volts != want.volts || amps != want.amps || hasPF != (phases == 1) || hz != 50.02 {
			t.Errorf("%d phases: %v V, %v A, power factor %v, %v Hz, want %v", phases, volts, amps, hasPF, hz, want)
		}
	}
}

// TestPhaseOfAnotherChannel: a single phase may be on a channel other than the first;
// the meter's own numbers are its.
func TestPhaseOfAnotherChannel(t *testing.T) {
	const zeros, alive = `"activePower":0,"voltage":0,"current":0,"apparentPower":0`, `"activePower":2900,"voltage":231,"current":13,"apparentPower":3000`
	r, err := parseReadings([]byte(`[{"eid":1,`+alive+`,"channels":[{`+zeros+`},{`+alive+`},{`+zeros+`}]}]`), []device.MeterConfig{{EID: "1", Kind: "production", Enabled: true, Phases: 1}})
	if err != nil {
		t.Fatal(err)
	}
	for q, want := range map[Quantity]float64{Power: 2900, Voltage: 231, Current: 13, ApparentPower: 3000} {
		if got, _ := r.meters[0].Total.Get(q); got != want {
			t.Errorf("%s = %v, want %v", q, got, want)
		}
	}
}

// TestReadingCurrents: currents have the sign of the power, and so has their sum.
func TestReadingCurrents(t *testing.T) {
	for _, tt := range []struct {
		phases []float64
		want   float64
	}{{[]float64{300, 200}, 3}, {[]float64{-300, -200}, -3}, {[]float64{-300, 200}, 0}, {[]float64{0, -200}, 0}} {
		r, err := parseReadings([]byte("["+row(2, tt.phases[0]+tt.phases[1], 1, 1, tt.phases...)+"]"), []device.MeterConfig{netCT})
		if err != nil {
			t.Fatal(err)
		}
		r.meters[0].signCurrent()
		if a, _ := r.meters[0].Total.Get(Current); a != tt.want {
			t.Errorf("%v W: %v A together, want %v", tt.phases, a, tt.want)
		}
	}
}

// FuzzReadings: any bytes give finite numbers or an error.
func FuzzReadings(f *testing.F) {
	for _, s := range []string{"[]", "[" + row(1, 1, 2, 3, 4, 5) + "," + row(2, -1, 2, 3) + "," + row(3, 0, 0, 0) + "]", `{"error":1}`, `[{"eid":"1","activePower":1e999,"channels":null}]`, `[{"eid":2,"activePower":-0.0,"channels":[{},{}]}]`} {
		f.Add([]byte(s), 2)
	}
	f.Fuzz(func(t *testing.T, body []byte, phases int) {
		configs := []device.MeterConfig{pvCT, netCT, batCT}
		for i := range configs {
			configs[i].Phases = max(0, phases) % 4
		}
		r, err := parseReadings(body, configs)
		if err != nil {
			return
		}
		r.meters = derive(r.meters)
		wantFinite(t, r.meters)
	})
}
