package bridge

import (
	"fmt"
	"testing"
	"time"
)

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
	message := func(topic, payload string) Message {
		return Message{Topic: topic, Payload: []byte(payload), Retain: true}
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
			b.put(stated, Message{Topic: "power"}, time.Time{})
		} else {
			b.offer([]byte("power"), Message{Payload: []byte(step.payload)}, time.Time{}, now, step.pace)
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
	b.put(stated, Message{Topic: "stands", Payload: []byte("1")}, time.Time{})
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
	one := func(p string) []Message { return []Message{{Topic: "live", Payload: []byte(p)}} }
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
