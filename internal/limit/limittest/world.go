package limittest

import (
	"errors"
	"fmt"
	"math/rand/v2"
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

// A World is a gateway, a disk, a broker and an owner around [limit.Machine]. All of
// them are random.
type World struct {
	Fault Fault

	rand      *rand.Rand
	now       time.Duration
	recording Recording
	todo      []todo // in order of their times

	gateway gateway
	disk    []byte // the journal; nil if there is none
	clock   time.Duration
	process *process // nil while none is running
	runs    int
	enabled bool
	forever bool
	kills   int
	inStep  [3]int // kills during an action, by its kind
}

// A todo is something that will happen.
type todo struct {
	at time.Duration
	do func()
}

// A process is a running program with its machine.
type process struct {
	machine  *limit.Machine
	run      string
	base     time.Time // the time of the process at its start
	started  time.Duration
	openAt   time.Duration // when commands are accepted
	exitAt   time.Duration // after a stop; 0 before
	observed time.Duration
	savedAt  time.Duration // when the latest store ends
}

// time returns the time of the process, which does not jump.
func (w *World) time() time.Time { return w.process.base.Add(w.now - w.process.started) }

func (w *World) record(e Event) {
	e.At = w.now
	w.recording = append(w.recording, e)
}

func (w *World) after(d time.Duration, do func()) {
	t := todo{w.now + d, do}
	i := len(w.todo)
	for i > 0 && w.todo[i-1].at > t.at {
		i--
	}
	w.todo = append(w.todo[:i], append([]todo{t}, w.todo[i:]...)...)
}

// upTo returns a random duration, often a short one.
func (w *World) upTo(d time.Duration) time.Duration {
	if w.rand.IntN(4) > 0 {
		d /= 10
	}
	return time.Duration(w.rand.Int64N(int64(d) + 1))
}

func (w *World) chance(percent int) bool { return w.rand.IntN(100) < percent }

// runUntil lets everything happen until a time.
func (w *World) runUntil(end time.Duration) {
	for w.now < end {
		next := min(end, w.now+10*time.Second)
		if w.process != nil && (w.process.machine.IsActive() || w.process.exitAt > 0) {
			next = min(next, w.now+time.Second)
		}
		if len(w.todo) > 0 {
			next = min(next, w.todo[0].at)
		}
		w.now = max(w.now, next)
		for len(w.todo) > 0 && w.todo[0].at <= w.now {
			do := w.todo[0].do
			w.todo = w.todo[1:]
			do()
			w.step()
		}
		w.step()
	}
}

// step lets the process continue.
func (w *World) step() {
	p := w.process
	if p == nil {
		return
	}
	p.machine.SetAway(w.gateway.isAway)
	if w.now-p.observed >= 5*time.Second && !w.gateway.isAway {
		p.observed = w.now
		p.machine.Observe(w.gateway.measure(w.now), w.time())
	}
	for range 10 {
		a, ok := p.machine.Next(w.time())
		if !ok {
			break
		}
		w.carryOut(a)
		if w.process != p {
			return // killed
		}
	}
	for _, r := range p.machine.Results() {
		w.record(Event{Kind: Reported, Result: r})
	}
	if p.exitAt > 0 && (p.machine.IsStopped(w.time()) || w.now >= p.exitAt) {
		w.end()
	}
}

// carryOut begins an action. Some processes are killed during it.
func (w *World) carryOut(a limit.Action) {
	p := w.process
	begin, done := w.upTo(time.Second), w.upTo(2*time.Second)
	if w.chance(3) {
		moment := w.upTo(begin + done + time.Second)
		w.after(moment, func() {
			if w.process == p {
				w.inStep[a.Kind]++
				w.kill()
			}
		})
	}
	// ifAlive calls f unless the process has ended.
	ifAlive := func(f func()) func() {
		return func() {
			if w.process == p {
				f()
			}
		}
	}
	switch a.Kind {
	case limit.Save:
		w.save(a, begin, ifAlive)
	case limit.Read:
		var r limit.Reading
		err := w.gateway.fails(w)
		w.after(begin, func() { r = w.gateway.reading(a.Lever) })
		w.after(begin+done, ifAlive(func() { p.machine.OnRead(r, err, w.time()) }))
	case limit.Write:
		err := w.gateway.fails(w)
		switch {
		case err == nil:
			w.after(begin, ifAlive(func() { w.receive(a) }))
		case errors.Is(err, errLost) && w.chance(50): // only the answer is lost
			w.after(begin, ifAlive(func() { w.receive(a) }))
		}
		w.after(begin+done, ifAlive(func() { p.machine.OnWritten(err, w.time()) }))
	}
}

// save stores the journal, or fails, or takes too long.
func (w *World) save(a limit.Action, begin time.Duration, ifAlive func(func()) func()) {
	p, data := w.process, a.Record.Encode()
	if a.Record.IsEmpty() {
		data = nil
	}
	var err error
	switch {
	case w.chance(3):
		err = errors.New("no space left on device")
	case w.chance(2):
		begin += 15 * time.Second
	}
	p.savedAt = max(p.savedAt, w.now) + begin // in order
	w.after(p.savedAt-w.now, ifAlive(func() {
		if err == nil {
			w.disk = data
		}
		w.after(w.upTo(50*time.Millisecond), ifAlive(func() { p.machine.OnSaved(a.ID, err, w.time()) }))
	}))
}

// receive is the gateway when a write arrives.
func (w *World) receive(a limit.Action) {
	w.record(Event{Kind: Write, Lever: a.Lever, Setting: a.Setting})
	if w.Fault == TwoWrites && w.chance(20) {
		w.after(4*time.Second, func() { w.record(Event{Kind: Write, Lever: a.Lever, Setting: a.Setting}) })
	}
	delay := time.Duration(0)
	if w.chance(5) {
		delay = w.upTo(time.Minute)
	}
	w.after(delay, func() {
		if w.gateway.set(a.Lever, a.Setting, w.now) {
			w.record(Event{Kind: Changed, Lever: a.Lever, Setting: a.Setting})
		}
	})
}

// start starts a process, or lets one with another configuration take over.
func (w *World) start(isReload bool) {
	kind, p := Started, &process{started: w.now, base: time.Date(2027, 6, 1, 8, 0, 0, 0, time.UTC).Add(w.now + w.clock), openAt: w.now + 2*time.Second + w.upTo(5*time.Second)}
	w.runs++
	p.run = fmt.Sprint("run ", w.runs)
	if isReload {
		old := w.process
		p.run, p.base, p.started, kind = old.run, old.base, old.started, Reloaded // its time goes on
		r := old.machine.HandOver(w.time())
		if w.disk = r.Encode(); r.IsEmpty() {
			w.disk = nil
		}
	}
	var journal limit.Record
	if w.disk != nil && (w.Fault != RestoreSkipped || isReload) {
		var err error
		if journal, err = limit.ParseRecord(w.disk); err != nil {
			panic(err)
		}
	}
	w.process = p
	p.machine = limit.NewMachine(limit.Config{Enabled: w.enabled, Forever: w.forever, Run: p.run}, journal, w.time())
	w.record(Event{Kind: kind, Enabled: w.enabled, Forever: w.forever})
}

// kill ends the process as kill -9 does.
func (w *World) kill() {
	w.kills++
	w.end()
}

// end ends the process; another starts later.
func (w *World) end() {
	w.record(Event{Kind: Ended})
	w.process = nil
	w.after(time.Second+w.upTo(20*time.Minute), func() {
		if w.process == nil {
			w.start(false)
		}
	})
}

// stop is SIGTERM.
func (w *World) stop() {
	if w.process != nil && w.process.exitAt == 0 {
		w.record(Event{Kind: Stopping})
		w.process.machine.Stop(false, w.time())
		w.process.exitAt = w.now + 15*time.Second
	}
}

// send publishes a message to limit/set.
func (w *World) send(payload string, retained bool) {
	p := w.process
	isEarly := p != nil && w.now < p.openAt
	w.record(Event{Kind: Sent, Payload: payload, Retained: retained, Early: isEarly})
	if p == nil {
		return
	}
	m := limit.Message{Payload: []byte(payload), Retained: retained && w.Fault != RetainedExecuted, IsEarly: isEarly}
	c, err := m.Command()
	if err != nil {
		p.machine.Reject(err, w.time())
		return
	}
	if w.Fault == LeaseIgnored && !c.End {
		c.Forever, c.For = w.forever, 100*limit.MaxLease
	}
	p.machine.Command(c, w.time())
}
