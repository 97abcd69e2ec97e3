package outbox_test

import (
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox/outboxtest"
)

var throttle = outbox.Throttle{MinInterval: 10 * time.Second, CounterInterval: time.Minute, TTL: 2 * time.Minute, NextSample: time.Second}

// TestValuesOfOneMoment checks that consumption = production + grid at every
// moment, although the values change at different times.
func TestValuesOfOneMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &mqtttest.Broker{}
		o := outbox.New()
		serve(t, o, b)
		for second := range 120 {
			production, grid := second/7*100, second/3
			o.SetValues("envoy/1", []outbox.Value{
				{Topic: "production", Number: float64(production)},
				{Topic: "grid", Number: float64(grid)},
				{Topic: "consumption", Number: float64(production + grid)},
			}, time.Now(), throttle)
			time.Sleep(time.Second)
			retained := func(topic string) int {
				n, _ := strconv.Atoi(b.RetainedAll()["envoy/1/"+topic])
				return n
			}
			if got, want := retained("consumption"), retained("production")+retained("grid"); got != want {
				t.Fatalf("after %d s: consumption %d, production + grid %d", second, got, want)
			}
		}
		if n := len(outboxtest.Received(b, "/grid")); n != 12 {
			t.Errorf("grid was sent %d times in 120 s, want 12", n)
		}
	})
}

func TestIntervalsOfValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &mqtttest.Broker{}
		o := outbox.New()
		serve(t, o, b)
		start := time.Now()
		for second := range 180 {
			values := []outbox.Value{
				{Topic: "voltage", Number: 230},
				{Topic: "power", Number: float64(second)},
				{Topic: "energy", Number: float64(second), IsCounter: true},
			}
			if second < 15 { // later samples do not contain the frequency
				values = append(values, outbox.Value{Topic: "frequency", Number: 50})
			}
			o.SetValues("1", values, time.Now(), throttle)
			time.Sleep(time.Second)
		}
		rows := []struct {
			topic   string
			seconds []int
		}{
			{"/voltage", []int{0, 40, 80, 120, 160}}, // unchanged: refreshed before it expires
			{"/power", []int{0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 130, 140, 150, 160, 170}},
			{"/energy", []int{0, 60, 120}},
			{"/frequency", []int{0}},
		}
		for _, row := range rows {
			var seconds []int
			for _, r := range outboxtest.Received(b, row.topic) {
				seconds = append(seconds, int(r.Time.Sub(start).Seconds()))
			}
			if !slices.Equal(seconds, row.seconds) {
				t.Errorf("%s was sent at %v s, want %v", row.topic, seconds, row.seconds)
			}
		}
	})
}

// TestRefreshWithLongMinInterval checks that an unchanged value is never older
// than a third of its TTL, also if that is no multiple of MinInterval.
func TestRefreshWithLongMinInterval(t *testing.T) {
	rows := []struct {
		minInterval, ttl time.Duration
		want             []int // s
	}{
		{60 * time.Second, 300 * time.Second, []int{0, 60, 120, 180, 240}},
		{60 * time.Second, 30 * time.Second, []int{0, 10, 20, 30, 40, 50, 60, 70, 80, 90}},
		{10 * time.Second, 120 * time.Second, []int{0, 40, 80, 120, 160, 200, 240, 280}},
	}
	for _, row := range rows {
		synctest.Test(t, func(t *testing.T) {
			b := &mqtttest.Broker{}
			o := outbox.New()
			serve(t, o, b)
			start := time.Now()
			throttle := outbox.Throttle{MinInterval: row.minInterval, TTL: row.ttl, NextSample: 5 * time.Second}
			for second := 0; second <= row.want[len(row.want)-1]; second += 5 {
				o.SetValues("1", []outbox.Value{{Topic: "voltage", Number: 230}, {Topic: "power", Number: float64(second)}}, time.Now(), throttle)
				time.Sleep(5 * time.Second)
			}
			var seconds []int
			for _, r := range outboxtest.Received(b, "/voltage") {
				seconds = append(seconds, int(r.Time.Sub(start).Seconds()))
			}
			if !slices.Equal(seconds, row.want) {
				t.Errorf("MinInterval %v, TTL %v: sent at %v s, want %v", row.minInterval, row.ttl, seconds, row.want)
			}
		})
	}
}

// TestValueReturns checks that a value is retained if it returns before the
// removal of its topic is acknowledged, also after a reconnect.
func TestValueReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &mqtttest.Broker{Delay: 4 * time.Second}
		o := outbox.New()
		serve(t, o, b)
		set := func() {
			o.SetValues("1", []outbox.Value{{Topic: "power", Number: 5}}, time.Now(), throttle)
		}
		set()
		time.Sleep(20 * time.Second)
		o.Set(outbox.Entry{Topic: "1/power"})
		synctest.Wait()
		if got := b.RetainedAll(); len(got) != 0 {
			t.Errorf("after the removal: %v, want nothing", got)
		}
		set()
		time.Sleep(time.Second)
		b.Drop()
		time.Sleep(2 * time.Second)
		if got := b.RetainedAll()["1/power"]; got != "5" {
			t.Errorf("after the return: %q, want 5", got)
		}
	})
}

// BenchmarkSetValues measures one sample with 100 changed values that the
// throttle holds back, as 9 of 10 samples at an interval of 1 s are.
func BenchmarkSetValues(b *testing.B) {
	o := outbox.New()
	values := make([]outbox.Value, 100)
	n := 0
	for b.Loop() {
		n++
		for i := range values {
			values[i] = outbox.Value{Topic: topics[i], Number: float64(n)}
		}
		o.SetValues("envoy/122233344455", values, time.Now(), throttle)
	}
}

var topics = func() (ts [100]string) {
	for i := range ts {
		ts[i] = "production/l1/power" + strconv.Itoa(i)
	}
	return ts
}()
