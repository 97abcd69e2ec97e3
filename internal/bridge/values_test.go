package bridge

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

func TestAppendNumber(t *testing.T) {
	for _, tt := range []struct {
		v        float64
		decimals int
		want     string
	}{
		{-300, 3, "-300"},
		{-100.25, 3, "-100.25"},
		{230.14999, 1, "230.1"},
		{-0.0004, 3, "0"},
		{math.Copysign(0, -1), 0, "0"},
		{-0.4, 0, "0"},
		{1e21, 3, "1000000000000000000000"},
		{1e-9, 3, "0"},
		{0.1 + 0.2, 3, "0.3"},
		{25335.7904, 3, "25335.79"},
	} {
		if got := string(appendNumber(nil, tt.v, tt.decimals)); got != tt.want {
			t.Errorf("appendNumber(%v, %d) = %s, want %s", tt.v, tt.decimals, got, tt.want)
		}
	}
}

// sample is a house with three phases.
func sample() envoy.Sample {
	channel := func(w, v float64) (c envoy.Channel) {
		c.Set(envoy.Power, w)
		if v > 0 {
			c.Set(envoy.Voltage, v)
		}
		c.Set(envoy.Current, w/230)
		c.Set(envoy.ApparentPower, w)
		c.Set(envoy.Energy, 12.3456)
		return c
	}
	return envoy.Sample{
		Time: time.Date(2026, 11, 23, 19, 0, 0, 123e6, time.UTC),
		Meters: []envoy.Meter{
			{Measurement: envoy.Production, Total: channel(690, 0)},
			{Measurement: envoy.NetConsumption, Total: channel(-300, 0), Phases: []envoy.Channel{channel(-100.25, 230.1), channel(0, 229), channel(-199.75, 231)}},
		},
	}
}

func TestLive(t *testing.T) {
	ms := topics{base: "envoy"}.live("122200000001", sample().Time, measured(sample()))
	want := []string{
		`envoy/122200000001/live {"ts":"2026-11-23T19:00:00.123Z","grid":{"power":-300,"current":-1.304,` +
			`"l1":{"power":-100.25,"voltage":230.1,"current":-0.436},"l2":{"power":0,"voltage":229,"current":0},"l3":{"power":-199.75,"voltage":231,"current":-0.868}},` +
			`"production":{"power":690,"current":3,"energy":12.346}}`,
		"envoy/122200000001/live/grid/power -300",
		"envoy/122200000001/live/grid/l1/power -100.25",
		"envoy/122200000001/live/grid/l2/power 0",
		"envoy/122200000001/live/grid/l3/power -199.75",
		"envoy/122200000001/live/production/power 690",
	}
	if len(ms) != len(want) {
		t.Fatalf("%d messages, want %d", len(ms), len(want))
	}
	for i, m := range ms {
		if got := fmt.Sprintf("%s %s", m.Topic, m.Payload); got != want[i] || m.Retain || m.QoS != 0 {
			t.Errorf("message %d = %s, retain %t, QoS %d, want\n%s, not retained, 0", i, got, m.Retain, m.QoS, want[i])
		}
	}
}

// TestLiveIsJSON: whatever is missing, the document stays one.
func TestLiveIsJSON(t *testing.T) {
	full := sample()
	for mask := range 1 << 4 {
		s := full
		s.Meters = nil
		for i, m := range full.Meters {
			if mask&(1<<i) != 0 {
				s.Meters = append(s.Meters, m)
			}
		}
		if mask&4 != 0 && len(s.Meters) > 0 {
			s.Meters[0].Total.Drop(envoy.Power)
		}
		if mask&8 != 0 && len(s.Meters) > 1 {
			s.Meters[1].Phases = s.Meters[1].Phases[:2]
		}
		if doc := Document(s); !json.Valid(doc) {
			t.Errorf("not JSON: %s", doc)
		}
	}
}

func TestGuard(t *testing.T) {
	const w = wrap
	for _, tt := range []struct {
		name    string
		sources string // of the answers: r(eadings), p(roduction.json), i(nverters), a(pi); the last stands for the rest
		in      []float64
		want    []float64 // -1 is held back
	}{
		{"rises", "r", []float64{5, 5, 6}, []float64{5, 5, 6}},
		{"one zero", "r", []float64{5, 0, 6}, []float64{5, -1, 6}},
		{"two zeros", "r", []float64{5, 0, 0, 6}, []float64{5, -1, -1, 6}},
		{"a new meter", "r", []float64{5, 1, 1.1, 1.2, 1.3}, []float64{5, -1, -1, 1.2, 1.3}},
		{"a dip", "r", []float64{5, 4.999, 4.999, 5.1}, []float64{5, 5, 5, 5.1}},
		{"a dip that lasts", "r", []float64{500, 499.999, 499.999, 499.999, 499.999, 500.1}, []float64{500, 500, 500, 500, 500, 500.1}},
		{"an older answer", "r", []float64{500, 499, 500.1}, []float64{500, -1, 500.1}},
		{"an older answer that lasts", "r", []float64{500, 499, 499, 499.1, 499.9, 499.8, 500.1}, []float64{500, -1, -1, 500, 500, 500, 500.1}},
		{"a fall far from zero", "r", []float64{7000, 3000, 3000, 3000, 3001, 6999, 7000.1}, []float64{7000, -1, -1, 7000, 7000, 7000, 7000.1}},
		{"a new meter after that", "r", []float64{7000, 3000, 3000, 3000, 0.5, 0.6, 0.7, 0.8}, []float64{7000, -1, -1, 7000, -1, -1, 0.7, 0.8}},
		{"zeros that last", "r", []float64{7000, 0, 0, 0, 0.1}, []float64{7000, -1, -1, 0, 0.1}},
		{"falls on and on", "r", []float64{5, 4, 3, 2, 1}, []float64{5, -1, -1, -1, -1}},
		{"disagreeing", "r", []float64{500, 0, 300, 0, 300, 501}, []float64{500, -1, -1, -1, -1, 501}},
		{"zeros at the start", "r", []float64{0, 0, 7}, []float64{-1, -1, 7}},
		{"a meter that is new", "r", []float64{0, 0, 0, 0, 0, 0, 0, 0.1}, []float64{-1, -1, 0, 0, 0, 0, 0, 0.1}},
		{"negative", "r", []float64{-3, -3, -3, -3, 1}, []float64{-1, -1, -1, -1, 1}},
		{"one leap", "r", []float64{5, 3000, 6}, []float64{5, -1, 6}},
		{"a leap that stays", "r", []float64{5, 3000, 3000, 3000.1}, []float64{5, -1, -1, 3000.1}},
		{"a night without answers", "r", []float64{5, 12}, []float64{5, 12}},
		{"another source, a little less", "rp", []float64{5, 4.9, 4.9, 4.9, 4.9, 5.1}, []float64{5, -1, -1, -1, -1, 5.1}},
		{"another source, far off", "rp", []float64{5, 900, 900, 900, 901}, []float64{5, -1, -1, -1, -1}},
		{"there and back", "rpr", []float64{5, 900, 5.2}, []float64{5, -1, 5.2}},
		{"the inverters' sum, which has wrapped", "ai", []float64{3*w + 5, 4.9, 5.5, 6}, []float64{3*w + 5, -1, 3*w + 5.5, 3*w + 6}},
		{"the inverters' other sum, which has not", "ia", []float64{5, 3*w + 5.5, 3*w + 6}, []float64{5, 5.5, 6}},
		{"the inverters' sum after a meter, which counted more", "pi", []float64{3*w + 5, 5.5, 6}, []float64{3*w + 5, -1, -1}},
		{"the inverters' sum, far off", "ai", []float64{3*w + 5, 50, 51}, []float64{3*w + 5, -1, -1}},
		{"a meter after the inverters' sum", "ip", []float64{w - 1, w - 2, 2 * w}, []float64{w - 1, -1, -1}},
		{"2^32 J", "i", []float64{w - 1, w - 0.5, 0.2, 0.4}, []float64{w - 1, w - 0.5, w + 0.2, w + 0.4}},
		{"2^32 J twice", "i", []float64{w - 0.1, 0.2, w - 0.1, w - 0.1, w - 0.09, 0.2}, []float64{w - 0.1, w + 0.2, -1, -1, w + w - 0.09, w + w + 0.2}},
		{"a CT does not wrap", "p", []float64{w - 1, 0.2, 0.3}, []float64{w - 1, -1, -1}},
	} {
		sources := map[byte]envoy.Counters{'r': envoy.ReadingCounters, 'p': envoy.EIMCounters, 'i': envoy.InverterCounters, 'a': envoy.APICounters}
		var g guard
		now := time.Now()
		for i, v := range tt.in {
			var s envoy.Sample
			s.Meters = []envoy.Meter{{Measurement: envoy.Production, Phases: make([]envoy.Channel, 1)}}
			s.Meters[0].Counters = sources[tt.sources[min(i, len(tt.sources)-1)]]
			s.Meters[0].Total.Set(envoy.Energy, v)
			s.Meters[0].Phases[0].Set(envoy.Energy, v+1000)
			out := g.pass(s, now.Add(time.Duration(i)*time.Minute))
			got, ok := out.Meters[0].Total.Get(envoy.Energy)
			if !ok {
				got = -1
			}
			if math.Abs(got-tt.want[i]) > 1e-9 {
				t.Errorf("%s: answer %d, %v, passes as %v, want %v", tt.name, i+1, v, got, tt.want[i])
			}
			if _, ok := s.Meters[0].Total.Get(envoy.Energy); !ok {
				t.Errorf("%s: pass changed the sample that it was given", tt.name)
			}
		}
	}
}

// TestGuardOfOneMoment: three answers a second apart are one moment of the
// gateway's, and no new meter yet.
func TestGuardOfOneMoment(t *testing.T) {
	start := time.Now()
	c, _ := counted{}.take(answer{1000, envoy.ReadingCounters, false, housePower, start})
	passes := 0
	for second := 1; second <= 12; second++ {
		now := start.Add(time.Duration(second) * time.Second)
		next, ok := c.take(answer{1, envoy.ReadingCounters, false, housePower, now})
		if c = next; ok && passes == 0 {
			passes = second
		}
	}
	if passes != 10 {
		t.Errorf("a fall passes after %d s, want 10", passes)
	}
}

// TestCountedWords: what a version wrote down, every later one reads.
func TestCountedWords(t *testing.T) {
	for _, written := range []string{
		`{"kwh":1.5,"at":"2026-05-01T12:00:00Z","wraps":2,"source":"inverters"}`,
		`{"kwh":1.5,"at":"2026-05-01T12:00:00Z","source":"production.json"}`,
		`{"kwh":1.5,"at":"2026-05-01T12:00:00Z","source":"readings"}`,
		`{"kwh":1.5,"at":"2026-05-01T12:00:00Z","source":"api"}`,
		`{"kwh":1.5,"at":"2026-05-01T12:00:00Z","source":"computed"}`,
		`{"kwh":1.5,"at":"2026-05-01T12:00:00Z","rose":"2026-05-01T11:00:00Z","behind":0.5,"wraps":-7,"source":"api"}`,
		`{"kwh":1.5,"at":"2026-05-01T12:00:00Z"}`,
	} {
		var c counted
		if err := json.Unmarshal([]byte(written), &c); err != nil {
			t.Fatal(err)
		}
		if again, err := json.Marshal(c); err != nil || string(again) != written {
			t.Errorf("%s is written again as %s, %v", written, again, err)
		}
	}
	var c counted
	if err := json.Unmarshal([]byte(`{"kwh":1.5,"source":"of a later version"}`), &c); err != nil || c.Source != 0 || c.Value != 1.5 {
		t.Errorf("a source that is not known: %+v, %v", c, err)
	}
}

func TestTopics(t *testing.T) {
	for base, want := range map[string]string{"envoy": "envoy_bridge", "home/solar.1": "home_solar_1_bridge"} {
		if got := (topics{base: base}).bridgeID(); got != want {
			t.Errorf("bridgeID of %s = %s, want %s", base, got, want)
		}
	}
	if got := (topics{prefix: "ha"}).births(); len(got) != 2 || got[0] != "ha/status" || got[1] != "homeassistant/status" {
		t.Errorf("births = %v", got)
	}
}

// BenchmarkPublish is what a reading costs between the gateway and the writer,
// when every value has changed.
func BenchmarkPublish(b *testing.B) {
	h := newHouse(&Bridge{Feeds: []Feed{{Name: "x", Serial: "122200000001", Client: new(envoy.Client)}}})
	g := h.gateways[0]
	g.session = new(envoy.Session)
	g.stale = time.AfterFunc(time.Hour, func() {})
	s := busy()
	for b.Loop() {
		s.Time = s.Time.Add(10 * time.Second)
		for i := range s.Meters {
			s.Meters[i].Total.Set(envoy.Power, float64(s.Time.Unix()%5000))
		}
		vs, next := measured(g.guard.pass(s, time.Now())), time.Now().Add(10*time.Second)
		g.publishLive(s, vs, next)
		g.publishRetained(s, vs, next)
		h.board.takeLive(time.Now())
		for ok := true; ok; {
			_, _, ok = h.board.take(time.Now())
		}
	}
}

// busy is a sample of three meters with three phases each.
func busy() envoy.Sample {
	s := envoy.Sample{Time: time.Now(), Reading: time.Now(), Metered: true}
	for _, m := range []envoy.Measurement{envoy.Production, envoy.NetConsumption, envoy.TotalConsumption} {
		meter := envoy.Meter{Measurement: m, Phases: make([]envoy.Channel, 3)}
		for _, c := range []*envoy.Channel{&meter.Total, &meter.Phases[0], &meter.Phases[1], &meter.Phases[2]} {
			for q := envoy.Power; q <= envoy.EnergyExport; q++ {
				c.Set(q, 1234.5678)
			}
		}
		s.Meters = append(s.Meters, meter)
	}
	return s
}
