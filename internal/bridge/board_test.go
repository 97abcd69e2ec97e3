package bridge

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

func message(topic, payload string) mqtt.Message {
	return mqtt.Message{Topic: topic, Payload: []byte(payload), Retain: true}
}

func TestBoard(t *testing.T) {
	b := newBoard()
	now := time.Now()
	take := func() string {
		m, _, ok := b.take(now)
		if !ok {
			return "nothing"
		}
		return fmt.Sprintf("%s=%s/%d", m.Topic, m.Payload, m.Expiry)
	}
	b.put(present, message("state", "online"), time.Time{})
	b.put(stated, message("power", "1"), now.Add(30*time.Second))
	b.put(discovered, message("config", "{}"), time.Time{})
	b.put(stated, message("power", "2"), now.Add(25*time.Second)) // newer, in place of the older
	for _, want := range []string{"state=online/0", "power=2/25", "config={}/0", "nothing"} {
		if got := take(); got != want {
			t.Errorf("take = %s, want %s", got, want)
		}
	}
	now = now.Add(10 * time.Second)
	b.announce()
	for _, want := range []string{"config={}/0", "power=2/15", "state=online/0", "nothing"} {
		if got := take(); got != want {
			t.Errorf("take after announce = %s, want %s", got, want)
		}
	}
	now = now.Add(time.Minute)
	b.announce()
	for _, want := range []string{"config={}/0", "state=online/0", "nothing"} {
		if got := take(); got != want {
			t.Errorf("take of what is not stale = %s, want %s", got, want)
		}
	}
}

// TestBoardOffer: a value is sent when it has changed, not too often, and again
// before it expires; what was taken from the broker is sent at once.
func TestBoardOffer(t *testing.T) {
	b := newBoard()
	start := time.Now()
	p := pace{least: 10 * time.Second, most: 40 * time.Second, next: 5 * time.Second}
	for _, step := range []struct {
		at      int // seconds
		payload string
		pace    pace
		want    string
	}{
		{0, "1", p, "1"},
		{5, "2", p, "nothing"},
		{10, "2", p, "2"},
		{20, "2", p, "nothing"},
		{45, "2", p, "nothing"},
		{46, "2", p, "2"}, // the next would be later than 40 s
		{47, "", p, ""},
		{48, "2", p, "2"},
		{100_000, "2", p.lasting(), "nothing"},
		{100_001, "3", pace{}, "3"},
	} {
		now := start.Add(time.Duration(step.at) * time.Second)
		if step.payload == "" {
			b.clear([]string{"power"}) // stands, and is not cleared
			b.put(stated, mqtt.Message{Topic: "power"}, time.Time{})
		} else {
			b.offer(message("power", step.payload), now, step.pace)
		}
		got := "nothing"
		if m, s, ok := b.take(now); ok {
			got = string(m.Payload)
			b.delivered(s)
		}
		if got != step.want {
			t.Errorf("at %d s %q is offered: %q is sent, want %q", step.at, step.payload, got, step.want)
		}
	}
}

// TestBoardClear: what is to be cleared is waited for, and forgotten when the
// broker has it.
func TestBoardClear(t *testing.T) {
	b := newBoard()
	now := time.Now()
	b.put(stated, mqtt.Message{Topic: "stands", Payload: []byte("1")}, time.Time{})
	b.take(now)
	sent := b.clear([]string{"old", "stands"})
	if m, _, _ := b.take(now); m.Topic != "old" || len(m.Payload) > 0 || isClosed(sent) {
		t.Errorf("clear sends %s=%s, want old alone, and does not wait for it: %t", m.Topic, m.Payload, isClosed(sent))
	}
	b.announce() // the connection was lost meanwhile
	for {
		_, s, ok := b.take(now)
		if !ok {
			break
		}
		b.delivered(s)
	}
	if !isClosed(sent) || b.slots["old"] != nil || b.slots["stands"] == nil {
		t.Errorf("after it is sent: told so %t; on the board: %v", isClosed(sent), b.slots)
	}
	if !isClosed(b.clear([]string{"stands"})) {
		t.Error("clear waits for nothing")
	}
}

func TestBoardLive(t *testing.T) {
	b := newBoard()
	now := time.Now()
	one := func(p string) []mqtt.Message { return []mqtt.Message{{Topic: "live", Payload: []byte(p)}} }
	b.putLive("a", one("old"), now.Add(5*time.Second))
	b.putLive("b", one("other"), now.Add(time.Second))
	b.putLive("a", one("new"), now.Add(5*time.Second))
	samples := b.takeLive(now.Add(2 * time.Second))
	if len(samples) != 1 || string(samples[0].messages[0].Payload) != "new" {
		t.Errorf("takeLive = %v, want the newest of a alone: b's is older than its interval", samples)
	}
	if samples := b.takeLive(now); len(samples) != 0 {
		t.Errorf("takeLive again = %v, want nothing", samples)
	}
}

// TestBoardValues: what is left of a gateway's points is told as values that
// stand by themselves would be.
func TestBoardValues(t *testing.T) { synctest.Test(t, testBoardValues) }

func testBoardValues(t *testing.T) {
	const life = time.Minute
	power, counter, voltage := sensorOf(t, "grid/power"), sensorOf(t, "grid/energy_import"), sensorOf(t, "grid/l1/voltage")
	b := newBoard()
	start := time.Now()
	p := pace{least: 10 * time.Second, most: 20 * time.Second, next: 5 * time.Second}
	all := func(power1, counted, volts float64) []schema.Value {
		return []schema.Value{{Sensor: power, Number: power1}, {Sensor: counter, Number: counted}, {Sensor: voltage, Number: volts}}
	}
	for _, step := range []struct {
		what string
		at   int // seconds
		do   func(now time.Time)
		vs   []schema.Value
		want string
	}{
		{"the first", 0, nil, all(-0.2, 1.00049, 230), "envoy/1/grid/power=0/60 envoy/1/grid/energy_import=1/0 envoy/1/grid/l1/voltage=230/60"},
		{"the same when rounded", 10, nil, all(0.4, 1.0001, 230.04), ""},
		{"soon to expire", 16, nil, all(0, 1, 230), "envoy/1/grid/power=0/60 envoy/1/grid/l1/voltage=230/60"},
		{"too soon", 20, nil, all(5, 1.001, 230), "envoy/1/grid/energy_import=1.001/0"},
		{"changed", 26, nil, all(5, 1.001, 230), "envoy/1/grid/power=5/60"},
		{"one is missing", 27, nil, []schema.Value{{Sensor: counter, Number: 1.001}, {Sensor: voltage, Number: 231}}, "envoy/1/grid/l1/voltage=231/60"},
		{"a new connection", 80, func(time.Time) { b.announce() }, nil, "envoy/1/grid/power=5/6 envoy/1/grid/energy_import=1.001/0 envoy/1/grid/l1/voltage=231/7"},
		{"a new connection, late", 86, func(time.Time) { b.announce() }, nil, "envoy/1/grid/energy_import=1.001/0 envoy/1/grid/l1/voltage=231/1"},
		{"another takes it away, which stands", 90, func(time.Time) { b.clear([]string{"envoy/1/grid/power"}) }, nil, ""},
		{"retired", 91, func(time.Time) { b.retire("envoy/1/grid/power") }, nil, ""},
		{"a new connection without it", 92, func(time.Time) { b.announce() }, nil, "envoy/1/grid/energy_import=1.001/0"},
		{"taken away later", 102, nil, nil, "envoy/1/grid/power=/0"},
		{"back before it is taken away", 103, func(now time.Time) {
			b.retire("envoy/1/grid/power")
			b.offerValues("envoy/1", []schema.Value{{Sensor: power, Number: 7}}, life, now, p)
			b.announce()
		}, nil, "envoy/1/grid/energy_import=1.001/0 envoy/1/grid/power=7/60"},
		{"not taken away", 114, nil, nil, ""},
		{"forgotten", 115, func(now time.Time) {
			b.offerValues("envoy/1", all(1, 2, 3), life, now, pace{})
			b.forget("config", "envoy/1")
			b.announce()
		}, nil, ""},
	} {
		now := start.Add(time.Duration(step.at) * time.Second)
		time.Sleep(time.Until(now))
		synctest.Wait()
		if step.do != nil {
			step.do(now)
		}
		if step.vs != nil {
			b.offerValues("envoy/1", step.vs, life, now, p)
		}
		var got []string
		for m, s, ok := b.take(now); ok; m, s, ok = b.take(now) {
			got = append(got, fmt.Sprintf("%s=%s/%d", m.Topic, m.Payload, m.Expiry))
			b.delivered(s)
		}
		if got := strings.Join(got, " "); got != step.want {
			t.Errorf("%s: %q is sent, want %q", step.what, got, step.want)
		}
	}
}

// TestBoardOrder: what stands is told to a new connection in the order of its
// kind, and what changes meanwhile waits for all that.
func TestBoardOrder(t *testing.T) {
	b := newBoard()
	now := time.Now()
	power, voltage := sensorOf(t, "grid/power"), sensorOf(t, "grid/l1/voltage")
	n := 0.0
	change := func() {
		n++
		b.offerValues("envoy/1", []schema.Value{{Sensor: power, Number: n}, {Sensor: voltage, Number: n}}, time.Minute, now, pace{})
	}
	b.put(discovered, message("config1", "{}"), time.Time{})
	b.put(available, message("availability", "online"), time.Time{})
	change()
	b.put(discovered, message("config2", "{}"), time.Time{})
	b.announce()
	var got []string
	for range 9 { // and values change with every message
		m, s, _ := b.take(now)
		b.delivered(s)
		got = append(got, strings.TrimPrefix(m.Topic, "envoy/1/grid/"))
		change()
	}
	const want = "config1 config2 power l1/voltage availability power l1/voltage power l1/voltage"
	if got := strings.Join(got, " "); got != want {
		t.Errorf("sent is\n%s, want\n%s", got, want)
	}
}

func sensorOf(t *testing.T, topic string) schema.Sensor {
	for _, s := range schema.Sensors() {
		if s.Topic() == topic {
			return s
		}
	}
	t.Fatalf("no sensor has the topic %s", topic)
	return schema.Sensor{}
}
