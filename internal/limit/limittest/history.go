package limittest

import (
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
	w := &world{fault: f, dice: dice{rand.New(rand.NewPCG(seed, 10))}, enabled: true} //nolint:gosec // repeatable
	w.forever = w.chance(50)
	g := &w.gateway
	g.ignores, g.inverted = w.chance(3), w.chance(5)
	g.obeyAfter = w.upTo(5 * time.Minute)
	if w.chance(50) {
		g.failing, g.refusing, g.garbled = w.IntN(30), w.IntN(3), w.IntN(3)
	}
	if w.chance(30) {
		w.foreign(limit.Power, limit.Setting{Active: true, Watts: 5050})
	}
	w.start(false)
	hours := 1 + w.IntN(4)
	for range hours * (3 + w.IntN(20)) {
		w.after(time.Duration(w.Int64N(int64(hours)*int64(time.Hour))), w.something)
	}
	w.runUntil(time.Duration(hours) * time.Hour)
	w.calm()
	h := History{Recording: w.recording, Kills: w.kills, InStep: w.inStep}
	for _, e := range w.recording {
		if e.Kind == Write {
			h.Writes++
		}
	}
	return h
}

// calm lets everything work until every lease has ended and was restored.
func (w *world) calm() {
	w.gateway.failing, w.gateway.refusing, w.gateway.garbled, w.gateway.isAway = 0, 0, 0, false
	w.runUntil(w.now + 30*time.Minute)
	w.runUntil(w.now + 5*time.Hour)
}

// something is one random event.
func (w *world) something() {
	switch n := w.IntN(100); {
	case n < 45:
		w.send(w.payload(), false)
	case n < 50:
		for range 200 { // a flood
			w.after(w.upTo(time.Second), func() { w.send(w.payload(), false) })
		}
	case n < 55:
		w.send(w.payload(), true)
	case n < 58:
		w.send([]string{"", "garbage", `{"export":`, `{"export":-1}`, "\x00"}[w.IntN(5)], false)
	case n < 64:
		w.foreign(limit.Power, limit.Setting{Active: true, Export: w.chance(50), Watts: w.foreignWatts()})
	case n < 66:
		w.foreign(limit.Lever(w.IntN(2)), limit.Setting{}) // the cloud at the full hour
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
		w.clock += time.Duration(w.Int64N(int64(4*time.Hour))) - 2*time.Hour
	case n < 98:
		w.gateway.isAway = true
		w.after(w.upTo(30*time.Minute), func() { w.gateway.isAway = false })
	case n < 99:
		w.gateway.firmware++
		w.record(Event{Kind: Firmware})
	case w.fault == WriteWithoutCause && w.process != nil:
		w.write(limit.Power, limit.Setting{Active: true, Watts: 1234})
	}
}

// configure changes the configuration of the next process.
func (w *world) configure() {
	w.enabled, w.forever = !w.chance(15), w.chance(50)
}

func (w *world) foreign(l limit.Lever, s limit.Setting) {
	w.gateway.has[l], w.gateway.changedAt = s, w.now
	w.record(Event{Kind: Foreign, Lever: l, Setting: s})
}
