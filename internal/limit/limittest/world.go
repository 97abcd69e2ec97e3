package limittest

import (
	"fmt"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/limit"
)

// A Fault is a mistake of the program that the checker must find.
type Fault string

// The faults that a world can have.
const (
	None              Fault = ""
	LeaseIgnored      Fault = "lease ignored"
	RetainedExecuted  Fault = "retained command executed"
	WriteWithoutCause Fault = "write without cause"
	RestoreSkipped    Fault = "restore skipped after a crash"
	TwoWrites         Fault = "two writes within 10 s"
)

// A world is a gateway, a disk, a broker and an owner around [limit.Machine]. All of
// them are random.
type world struct {
	dice
	timeline

	fault     Fault
	recording Recording
	gateway   gateway
	disk      []byte        // the journal; nil if there is none
	clock     time.Duration // how far the clock is wrong
	enabled   bool          // LIMIT of the next process
	forever   bool          // likewise LIMIT_FOREVER
	process   *process      // nil while none is running
	runs      int           // processes so far
	kills     int
	inStep    [3]int // kills during an action, by its kind
}

func (w *world) record(e Event) {
	e.At = w.now
	w.recording = append(w.recording, e)
}

// runUntil lets everything happen until a time.
func (w *world) runUntil(end time.Duration) {
	for w.now < end {
		next := min(end, w.now+10*time.Second)
		if w.process != nil && (w.process.machine.IsActive() || w.process.exitAt > 0) {
			next = min(next, w.now+time.Second)
		}
		if len(w.todo) > 0 {
			next = min(next, w.todo[0].at)
		}
		w.now = max(w.now, next)
		for do, ok := w.next(); ok; do, ok = w.next() {
			do()
			w.step()
		}
		w.step()
	}
}

// step lets the process continue.
func (w *world) step() {
	if w.process != nil {
		w.process.step()
	}
}

// start starts a process, or lets one with another configuration take over.
func (w *world) start(isReload bool) {
	kind, p := Started, &process{world: w, started: w.now, base: time.Date(2027, 6, 1, 8, 0, 0, 0, time.UTC).Add(w.now + w.clock), openAt: w.now + 2*time.Second + w.upTo(5*time.Second)}
	w.runs++
	p.run = fmt.Sprint("run ", w.runs)
	if isReload {
		old := w.process
		p.run, p.base, p.started, kind = old.run, old.base, old.started, Reloaded // its time goes on
		w.disk = encode(old.machine.HandOver(old.time()))
	}
	var journal limit.Record
	if w.disk != nil && (w.fault != RestoreSkipped || isReload) {
		var err error
		if journal, err = limit.ParseRecord(w.disk); err != nil {
			panic(err)
		}
	}
	w.process = p
	p.machine = limit.NewMachine(limit.Config{Enabled: w.enabled, Forever: w.forever, Run: p.run}, journal, p.time())
	w.record(Event{Kind: kind, Enabled: w.enabled, Forever: w.forever})
}

// encode returns the content of the journal, nil if there is none.
func encode(r limit.Record) []byte {
	if r.IsEmpty() {
		return nil
	}
	return r.Encode()
}

// stop is SIGTERM.
func (w *world) stop() {
	if p := w.process; p != nil && p.exitAt == 0 {
		w.record(Event{Kind: Stopping})
		p.machine.Stop(false, p.time())
		p.exitAt = w.now + 15*time.Second
	}
}

// kill ends the process as kill -9 does.
func (w *world) kill() {
	w.kills++
	w.end()
}

// end ends the process; another starts later.
func (w *world) end() {
	w.record(Event{Kind: Ended})
	w.process = nil
	w.after(time.Second+w.upTo(20*time.Minute), func() {
		if w.process == nil {
			w.start(false)
		}
	})
}

// send publishes a message to limit/set.
func (w *world) send(payload string, isRetained bool) {
	p := w.process
	isEarly := p != nil && w.now < p.openAt
	w.record(Event{Kind: Sent, Payload: payload, Retained: isRetained, Early: isEarly})
	if p != nil {
		p.receive(limit.Message{Payload: []byte(payload), Retained: isRetained && w.fault != RetainedExecuted, IsEarly: isEarly})
	}
}

// write is the gateway when a write arrives.
func (w *world) write(l limit.Lever, s limit.Setting) {
	w.record(Event{Kind: Write, Lever: l, Setting: s})
	if w.fault == TwoWrites && w.chance(20) {
		w.after(4*time.Second, func() { w.record(Event{Kind: Write, Lever: l, Setting: s}) })
	}
	delay := time.Duration(0)
	if w.chance(5) {
		delay = w.upTo(time.Minute)
	}
	w.after(delay, func() {
		if w.gateway.set(l, s, w.now) {
			w.record(Event{Kind: Changed, Lever: l, Setting: s})
		}
	})
}
