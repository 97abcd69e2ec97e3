package bridge

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

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
		vs, next := schema.Values(g.guard.pass(s, time.Now())), time.Now().Add(10*time.Second)
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
