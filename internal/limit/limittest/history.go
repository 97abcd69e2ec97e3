package limittest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/limit"
)

// A History is a random recording.
type History struct {
	Recording Recording
	Writes    int
	Kills     int
	InStep    [3]int // kills during an action, by its kind
}

// Random returns what happens in some hours of a world that follows from the seed,
// and then until everything can be restored. A faulty program makes the recording
// faulty.
func Random(seed uint64, f Fault) History {
	w := &World{Fault: f, rand: rand.New(rand.NewPCG(seed, 10)), enabled: true} //nolint:gosec // repeatable
	w.forever = w.chance(50)
	g := &w.gateway
	g.ignores, g.inverted = w.chance(3), w.chance(5)
	g.obeyAfter = w.upTo(5 * time.Minute)
	if w.chance(50) {
		g.failing, g.refusing, g.garbled = w.rand.IntN(30), w.rand.IntN(3), w.rand.IntN(3)
	}
	if w.chance(30) {
		w.foreign(limit.Power, limit.Setting{Active: true, Watts: 5050})
	}
	w.start(false)
	hours := 1 + w.rand.IntN(4)
	for range hours * (3 + w.rand.IntN(20)) {
		w.after(time.Duration(w.rand.Int64N(int64(hours)*int64(time.Hour))), w.something)
	}
	w.runUntil(time.Duration(hours) * time.Hour)
	w.calm()
	return w.history()
}

// calm lets everything work until every lease has ended and was restored.
func (w *World) calm() {
	w.gateway.failing, w.gateway.refusing, w.gateway.garbled, w.gateway.isAway = 0, 0, 0, false
	w.todo = append(w.todo, todo{w.now + 30*time.Minute, func() {}})
	w.runUntil(w.now + 30*time.Minute)
	w.runUntil(w.now + 5*time.Hour)
}

func (w *World) history() History {
	h := History{Recording: w.recording, Kills: w.kills, InStep: w.inStep}
	for _, e := range w.recording {
		if e.Kind == Write {
			h.Writes++
		}
	}
	return h
}

// something is one random event.
func (w *World) something() {
	switch n := w.rand.IntN(100); {
	case n < 45:
		w.command()
	case n < 50:
		for range 200 { // a flood
			w.after(w.upTo(time.Second), w.command)
		}
	case n < 55:
		w.send(w.payload(), true)
	case n < 58:
		w.send([]string{"", "garbage", `{"export":`, `{"export":-1}`, "\x00"}[w.rand.IntN(5)], false)
	case n < 64:
		w.foreign(limit.Power, limit.Setting{Active: true, Export: w.chance(50), Watts: w.foreignWatts()})
	case n < 66:
		w.foreign(limit.Lever(w.rand.IntN(2)), limit.Setting{}) // the cloud at the full hour
	case n < 76 && w.process != nil:
		w.kill()
	case n < 82:
		w.stop()
	case n < 87 && w.process != nil && w.process.exitAt == 0:
		w.configure()
		w.start(true)
	case n < 90:
		w.configure()
	case n < 93:
		w.clock += time.Duration(w.rand.Int64N(int64(4*time.Hour))) - 2*time.Hour
	case n < 98:
		w.gateway.isAway = true
		w.after(w.upTo(30*time.Minute), func() { w.gateway.isAway = false })
	case n < 99:
		w.gateway.firmware++
		w.record(Event{Kind: Firmware})
	case w.Fault == WriteWithoutCause && w.process != nil:
		w.receive(limit.Action{Setting: limit.Setting{Active: true, Watts: 1234}})
	}
}

// foreignWatts returns a limit that no command asks for: it could not be told from
// that of a lease.
func (w *World) foreignWatts() float64 { return float64(100*w.rand.IntN(40) + 10 + w.rand.IntN(80)) }

// configure changes the configuration of the next process.
func (w *World) configure() {
	w.enabled, w.forever = !w.chance(15), w.chance(50)
}

func (w *World) foreign(l limit.Lever, s limit.Setting) {
	w.gateway.has[l], w.gateway.changedAt = s, w.now
	w.record(Event{Kind: Foreign, Lever: l, Setting: s})
}

// command sends a random command.
func (w *World) command() { w.send(w.payload(), false) }

func (w *World) payload() string {
	lease := ""
	switch w.rand.IntN(4) {
	case 0:
		lease = fmt.Sprintf(`,"for":"%ds"`, 10+w.rand.IntN(3600))
	case 1:
		lease = `,"for":"forever"`
	}
	watts := 100 * w.rand.IntN(60)
	switch w.rand.IntN(8) {
	case 0:
		return fmt.Sprint(watts)
	case 1, 2:
		return fmt.Sprintf(`{"export":%d%s}`, watts, lease)
	case 3:
		return fmt.Sprintf(`{"production":%d%s}`, watts, lease)
	case 4:
		return fmt.Sprintf(`{"power":%d%s}`, watts, lease)
	case 5:
		return fmt.Sprintf(`{"applies_to":%q%s}`, []string{"export", "production"}[w.rand.IntN(2)], lease)
	case 6:
		return fmt.Sprintf(`{"production_off":true%s}`, lease)
	}
	return []string{`{"off":true}`, `{"production_off":false}`}[w.rand.IntN(2)]
}
