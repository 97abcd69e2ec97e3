package envoy

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestCTTimes: a CT is frozen when its time has not changed for the limit,
// whatever that time is, and never where it reports none.
func TestCTTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var times ctTimes
		start := time.Now()
		future := start.Add(1000 * time.Hour)
		for i := range 60 {
			now := time.Now()
			net := Meter{Measurement: NetConsumption, MeasuredAt: now}
			pv := Meter{Measurement: Production, MeasuredAt: future} // constant
			load := Meter{Measurement: Load}                         // without a time
			evse := Meter{Measurement: EVSE, MeasuredAt: now}
			if i >= 20 && i < 40 {
				evse.MeasuredAt = time.Time{} // it had one
			}
			frozen, advanced := times.update([]Meter{net, pv, load, evse}, now, 10*time.Second)
			want := []Measurement{}
			if i >= 10 {
				want = append(want, Production)
			}
			if i >= 29 && i < 40 {
				want = append(want, EVSE)
			}
			if len(frozen) != len(want) || len(want) > 0 && frozen[len(frozen)-1].CT != want[len(want)-1] {
				t.Errorf("after %d s %v are frozen, want %v", i, frozen, want)
			}
			if i > 0 && !advanced.Equal(now) || i == 0 && !advanced.IsZero() {
				t.Errorf("after %d s the clock is %v, want %v", i, advanced, now)
			}
			time.Sleep(time.Second)
		}
	})
}

// TestRepeatedValues: a CT whose values do not change for the limit is frozen, whatever time
// the gateway gives them. Without a voltage, as of live data, they may stand still.
func TestRepeatedValues(t *testing.T) {
	for _, tt := range []struct {
		name    string
		hasTime bool
		volt    float64 // the voltage
		step    float64 // by which it changes each second
		want    int     // seconds of 30 in which the CT is frozen
	}{
		{"moves", true, 230, 0.001, 0},
		{"moves, without a time", false, 230, 0.001, 0},
		{"stands still", true, 230, 0, 20},
		{"stands still, without a time", false, 230, 0, 20},
		{"a line that is off", true, 0.5, 0, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			var times ctTimes
			got := 0
			for i := range 30 {
				m := Meter{Measurement: NetConsumption}
				m.Total.Set(Voltage, tt.volt+tt.step*float64(i))
				m.keepRaw()
				if tt.hasTime {
					m.MeasuredAt = time.Now()
				}
				frozen, advanced := times.update([]Meter{m}, time.Now(), 10*time.Second)
				got += len(frozen)
				if tt.hasTime && i > 0 && !advanced.Equal(m.MeasuredAt) {
					t.Errorf("%s: after %d s the clock is %v, want %v", tt.name, i, advanced, m.MeasuredAt)
				}
				time.Sleep(time.Second)
			}
			if got != tt.want {
				t.Errorf("%s: frozen for %d s, want %d", tt.name, got, tt.want)
			}
		})
	}
}

// TestOldAtStart: a CT whose first reading is old, where that of another is not, is frozen
// until it advances.
func TestOldAtStart(t *testing.T) {
	const hours = 3 * time.Hour
	for _, tt := range []struct {
		name          string
		info, pv, net time.Duration // by how much their times are ahead of ours
		pvMoves       bool
		netMoves      bool
		want          int // samples of five
		frozen        int // of which so many are without production
	}{
		{"all are right", 0, 0, 0, true, true, 5, 0},
		{"the grid stands still", 0, 0, -hours, true, false, 0, 0},
		{"all stand still", 0, -hours, -hours, false, false, 5, 0},
		{"production stands still", 0, -hours, 0, false, true, 5, 5},
		{"stand still since a minute ago", 0, -time.Minute, -time.Minute, false, false, 5, 0},
		{"the gateway's clock is behind", -hours, -hours, -hours, true, true, 5, 0},
		{"and the grid stands still", -hours, -hours, -2 * hours, true, false, 0, 0},
		{"/info is ahead", hours, 0, 0, true, true, 5, 0},
		{"/info has no time of use", -1e5 * time.Hour, 0, -hours, true, false, 0, 0},
		{"the CTs are behind", 0, -hours, -hours, true, true, 5, 0},
		{"production stands still in the future", 0, 1000 * time.Hour, 0, false, true, 5, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			at := func(ahead time.Duration, moves bool) int64 {
				if moves {
					return time.Now().Add(ahead).Unix()
				}
				return start.Add(ahead).Unix()
			}
			srv := envoytest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/info":
					fmt.Fprintf(w, `<envoy_info><time>%d</time><device><sn>122000000001</sn><software>D8.3.5167</software><imeter>true</imeter></device><web-tokens>true</web-tokens></envoy_info>`, at(tt.info, true))
				case "/ivp/meters":
					fmt.Fprint(w, `[{"eid":1,"state":"enabled","measurementType":"production","phaseCount":1},{"eid":2,"state":"enabled","measurementType":"net-consumption","phaseCount":1}]`)
				case "/ivp/meters/readings":
					const row = `{"eid":%d,"timestamp":%d,"activePower":1,"voltage":230,"channels":[{"activePower":1,"voltage":230}]}`
					fmt.Fprintf(w, "["+row+","+row+"]", 1, at(tt.pv, tt.pvMoves), 2, at(tt.net, tt.netMoves))
				}
			}))
			defer srv.Close()
			client := &Client{Host: srv.URL, Dial: srv.Dial, Tokens: auth.StaticToken("t"), Source: FromMeters, StaleAfter: 2 * time.Minute}
			defer client.CloseIdle()
			samples, frozen := 0, 0
			for range 5 {
				s, err := client.Open(t.Context()) // which changes nothing
				if err != nil {
					t.Fatal(err)
				}
				if sample, err := s.Sample(t.Context()); err == nil {
					samples++
					frozen += len(slices.DeleteFunc(sample.Frozen, func(m Measurement) bool { return m != Production }))
				}
				time.Sleep(time.Second)
			}
			if samples != tt.want || frozen != tt.frozen {
				t.Errorf("%s: %d samples, %d without production, want %d and %d", tt.name, samples, frozen, tt.want, tt.frozen)
			}
		})
	}
}
