package schema

import (
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// channelOf returns a channel with these values.
func channelOf(values map[envoy.Quantity]float64) (c envoy.Channel) {
	for q, v := range values {
		c.Set(q, v)
	}
	return c
}

// house2 is a house with two phases at the grid and every quantity.
func house2() envoy.Sample {
	l1 := channelOf(map[envoy.Quantity]float64{
		envoy.Power: -100.25, envoy.Voltage: 230.1, envoy.Current: -0.44, envoy.Frequency: 50.01, envoy.PowerFactor: -0.97,
		envoy.ApparentPower: -103.4, envoy.ReactivePower: 25.3, envoy.EnergyImport: 1.5, envoy.EnergyExport: 2.25,
	})
	l2 := channelOf(map[envoy.Quantity]float64{envoy.Power: 40})
	return envoy.Sample{
		Time: time.Date(2026, 11, 23, 19, 0, 0, 123e6, time.UTC),
		Meters: []envoy.Meter{
			{Measurement: envoy.Production, Total: channelOf(map[envoy.Quantity]float64{envoy.Power: 690.12345, envoy.Energy: 12.3456, envoy.EnergyReceived: 0.5})},
			{
				Measurement: envoy.NetConsumption, Phases: []envoy.Channel{l1, l2},
				Total: channelOf(map[envoy.Quantity]float64{envoy.Power: -60.25, envoy.Current: -0.3, envoy.EnergyImport: 5, envoy.EnergyExport: 9}),
			},
			{Measurement: envoy.Storage, Total: channelOf(map[envoy.Quantity]float64{envoy.Power: 300})},
		},
	}
}

// noneHeld is that no counter was published.
func noneHeld(envoy.Measurement, int, envoy.Quantity) (float64, bool) { return 0, false }

func messagesOf(t *testing.T, fs Formatters, s envoy.Sample) string {
	t.Helper()
	var lines []string
	for _, m := range fs.Messages(s, false) {
		if m.Retain || m.QoS != 0 {
			t.Errorf("%s: retain %t, QoS %d, want as live", m.Topic, m.Retain, m.QoS)
		}
		lines = append(lines, m.Topic+" "+string(m.Payload))
	}
	return strings.Join(lines, "\n")
}

func TestProfiles(t *testing.T) {
	for name, want := range map[string]string{
		"vk2him-meters": `/envoy/json [` +
			`{"actEnergyDlvd":12345.6,"actEnergyRcvd":500,"activePower":690.123,"channels":[],"instantaneousDemand":690.123,"timestamp":1795460400},` +
			`{"actEnergyDlvd":5000,"actEnergyRcvd":9000,"activePower":-60.25,"channels":[` +
			`{"actEnergyDlvd":1500,"actEnergyRcvd":2250,"activePower":-100.25,"apparentPower":-103.4,"current":-0.44,"freq":50.01,"instantaneousDemand":-100.25,"pwrFactor":-0.97,"reactivePower":25.3,"timestamp":1795460400,"voltage":230.1},` +
			`{"activePower":40,"instantaneousDemand":40,"timestamp":1795460400}],"current":-0.3,"instantaneousDemand":-60.25,"timestamp":1795460400}]`,
		"vk2him-livedata": `/envoy/json {"meters":{"grid":{"agg_p_mw":-60250,"agg_p_ph_a_mw":-100250,"agg_p_ph_b_mw":40000,"agg_s_ph_a_mva":-103400},` +
			`"last_update":1795460400,"load":{"agg_p_mw":929873.45},"pv":{"agg_p_mw":690123.45},"storage":{"agg_p_mw":300000}}}`,
		"vk2him-stream": `/envoy/json {"net-consumption":{"ph-a":{"f":50.01,"i":-0.44,"p":-100.25,"pf":-0.97,"q":25.3,"s":-103.4,"v":230.1},"ph-b":{"p":40}}}`,
		"victron": `enphase/envoy-s/meters {"grid":{` +
			`"L1":{"current":-0.44,"energy_forward":1.5,"energy_reverse":2.25,"frequency":50.01,"power":-100.25,"power_factor":-0.97,"voltage":230.1},` +
			`"L2":{"power":40},"current":-0.3,"energy_forward":5,"energy_reverse":9,"power":-60.25}}`,
		"freeds": `Inverter/GridWatts -60`,
	} {
		if got := messagesOf(t, NewFormatters([]string{name}, noneHeld), house2()); got != want {
			t.Errorf("%s: %s\nwant %s", name, got, want)
		}
	}
	if n := len(profiles); n != 5 {
		t.Errorf("%d profiles, 5 of them are tested", n)
	}
}

// TestRawProfiles: profiles that copy the gateway's fields have its currents
// without a sign and its sums of volts, but the power and the energies of live.
func TestRawProfiles(t *testing.T) {
	s := house2()
	net, pv := &s.Meters[1], &s.Meters[0]
	net.Raw = []envoy.Channel{
		channelOf(map[envoy.Quantity]float64{envoy.Power: 1, envoy.Voltage: 460.2, envoy.Current: 0.9, envoy.EnergyImport: 1}),
		channelOf(map[envoy.Quantity]float64{envoy.Power: 1, envoy.Voltage: 230.1, envoy.Current: 0.44, envoy.Frequency: 50.01, envoy.ApparentPower: 103.4}),
		channelOf(map[envoy.Quantity]float64{envoy.Power: 1, envoy.Current: 0.2}),
	}
	pv.Raw = []envoy.Channel{channelOf(map[envoy.Quantity]float64{envoy.Power: 1, envoy.PowerFactor: 1.9})}
	for name, want := range map[string]string{
		"vk2him-meters": `/envoy/json [` +
			`{"actEnergyDlvd":12345.6,"actEnergyRcvd":500,"activePower":690.123,"channels":[],"instantaneousDemand":690.123,"pwrFactor":1.9,"timestamp":1795460400},` +
			`{"actEnergyDlvd":5000,"actEnergyRcvd":9000,"activePower":-60.25,"channels":[` +
			`{"actEnergyDlvd":1500,"actEnergyRcvd":2250,"activePower":-100.25,"apparentPower":103.4,"current":0.44,"freq":50.01,"instantaneousDemand":-100.25,"timestamp":1795460400,"voltage":230.1},` +
			`{"activePower":40,"current":0.2,"instantaneousDemand":40,"timestamp":1795460400}],"current":0.9,"instantaneousDemand":-60.25,"timestamp":1795460400,"voltage":460.2}]`,
		"vk2him-livedata": `/envoy/json {"meters":{"grid":{"agg_p_mw":-60250,"agg_p_ph_a_mw":-100250,"agg_p_ph_b_mw":40000,"agg_s_ph_a_mva":103400},` +
			`"last_update":1795460400,"load":{"agg_p_mw":929873.45},"pv":{"agg_p_mw":690123.45},"storage":{"agg_p_mw":300000}}}`,
		"vk2him-stream": `/envoy/json {"net-consumption":{"ph-a":{"f":50.01,"i":0.44,"p":-100.25,"s":103.4,"v":230.1},"ph-b":{"i":0.2,"p":40}}}`,
		"victron": `enphase/envoy-s/meters {"grid":{` +
			`"L1":{"current":-0.44,"energy_forward":1.5,"energy_reverse":2.25,"frequency":50.01,"power":-100.25,"power_factor":-0.97,"voltage":230.1},` +
			`"L2":{"power":40},"current":-0.3,"energy_forward":5,"energy_reverse":9,"power":-60.25}}`,
	} {
		if got := messagesOf(t, NewFormatters([]string{name}, noneHeld), s); got != want {
			t.Errorf("%s: %s\nwant %s", name, got, want)
		}
	}
	if a, _ := s.Meters[1].Phases[0].Get(envoy.Current); a != -0.44 {
		t.Errorf("the sample was changed: %v A", a)
	}
}

// TestLoad: the load of vk2him-livedata does not include the charging of
// batteries. It is omitted if that is not known.
func TestLoad(t *testing.T) {
	power := func(m envoy.Measurement, w float64) envoy.Meter {
		return envoy.Meter{Measurement: m, Total: channelOf(map[envoy.Quantity]float64{envoy.Power: w})}
	}
	pv, net, total, charging := power(envoy.Production, 5000), power(envoy.NetConsumption, -1000), power(envoy.TotalConsumption, 4000), power(envoy.Storage, -3000)
	for _, tt := range []struct {
		meters         []envoy.Meter
		hasNoBatteries bool
		want           string
	}{
		{[]envoy.Meter{pv, net, total, charging}, false, `"load":{"agg_p_mw":1000000,`},
		{[]envoy.Meter{pv, net, total}, true, `"load":{"agg_p_mw":4000000,`},
		{[]envoy.Meter{pv, net, total}, false, `"last_update":-62135596800,"pv"`},
	} {
		ms := NewFormatters([]string{"vk2him-livedata"}, noneHeld).Messages(envoy.Sample{Meters: tt.meters}, tt.hasNoBatteries)
		if len(ms) != 1 || !strings.Contains(string(ms[0].Payload), tt.want) {
			t.Errorf("%d meters, no batteries %t: %v, want %s", len(tt.meters), tt.hasNoBatteries, ms, tt.want)
		}
	}
}

// TestProfilesWithoutGrid: no message without the grid for programs that use it.
func TestProfilesWithoutGrid(t *testing.T) {
	s := house2()
	s.Meters = s.Meters[:1]
	if got, want := messagesOf(t, NewFormatters(Profiles(), noneHeld), s), `/envoy/json {"production":{"ph-a":{"p":690.123}}}`; got != want {
		t.Errorf("%s, want %s alone", got, want)
	}
	s = house2()
	s.Meters = s.Meters[1:]
	if got := messagesOf(t, NewFormatters([]string{"vk2him-meters"}, noneHeld), s); got != "" {
		t.Errorf("%s: net consumption is not the second in the list", got)
	}
}

// TestVictronPhases: every message has the same phases. Before another number of
// them, there is a pause in which the reader restarts.
func TestVictronPhases(t *testing.T) {
	fs := NewFormatters([]string{"victron"}, noneHeld)
	three := house2()
	one := house2()
	one.Meters[1].Phases = nil
	noPower := house2()
	noPower.Meters[1].Phases[1].Drop(envoy.Power)
	for _, tt := range []struct {
		after  time.Duration
		sample envoy.Sample
		want   string // a part; "" for silence
	}{
		{0, three, `"L2"`},
		{time.Second, one, ""},
		{2 * time.Second, three, `"L2"`},
		{3 * time.Second, noPower, ""},
		{60 * time.Second, one, ""},
		{73 * time.Second, one, `{"grid":{"L1":{`},
		{74 * time.Second, three, ""},
	} {
		s := tt.sample
		s.Time = s.Time.Add(tt.after)
		got := messagesOf(t, fs, s)
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("after %v: %q, want %q", tt.after, got, tt.want)
		}
	}
}

// TestVictronCounters: a missing counter has its latest value, also that of an earlier
// run, because the reader would use 0.
func TestVictronCounters(t *testing.T) {
	for name, phases := range map[string]int{"two phases": 2, "one phase": 0} {
		whole := house2()
		whole.Meters[1].Phases = whole.Meters[1].Phases[:phases]
		held := func(m envoy.Measurement, phase int, q envoy.Quantity) (float64, bool) {
			meter, _ := whole.Meter(m)
			return append([]envoy.Channel{meter.Total}, meter.Phases...)[phase].Get(q)
		}
		want := messagesOf(t, NewFormatters([]string{"victron"}, noneHeld), whole)
		s := house2()
		s.Meters[1].Phases = s.Meters[1].Phases[:phases]
		s.Meters[1].Total.Drop(envoy.EnergyImport)
		for i := range s.Meters[1].Phases {
			s.Meters[1].Phases[i].Drop(envoy.EnergyExport)
		}
		fs := NewFormatters([]string{"victron"}, held)
		if got := messagesOf(t, fs, s); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		for i, c := range s.Meters[1].Phases {
			if v, ok := c.Get(envoy.EnergyExport); ok {
				t.Errorf("%s: L%d of the sample was changed: %v", name, i+1, v)
			}
		}
	}
}

func TestProfileTopic(t *testing.T) {
	for name, want := range map[string]string{"freeds": "Inverter/GridWatts", "vk2him-stream": "/envoy/json", "none": ""} {
		if got := ProfileTopic(name); got != want {
			t.Errorf("ProfileTopic(%s) = %q, want %q", name, got, want)
		}
	}
}
