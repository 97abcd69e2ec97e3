package limittest

import (
	"errors"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/limit"
)

// A process is a running program with its machine.
type process struct {
	world    *world
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
func (p *process) time() time.Time { return p.base.Add(p.world.now - p.started) }

// ifAlive returns a function that calls f unless the process has ended.
func (p *process) ifAlive(f func()) func() {
	return func() {
		if p.world.process == p {
			f()
		}
	}
}

// receive handles a message to limit/set.
func (p *process) receive(m limit.Message) {
	c, err := m.Command()
	if err != nil {
		p.machine.Reject(err, p.time())
		return
	}
	if p.world.fault == LeaseIgnored && !c.End {
		c.Forever, c.For = p.world.forever, 100*limit.MaxLease
	}
	p.machine.Command(c, p.time())
}

// step does what is due.
func (p *process) step() {
	w := p.world
	p.machine.SetAway(w.gateway.isAway)
	if w.now-p.observed >= 5*time.Second && !w.gateway.isAway {
		p.observed = w.now
		p.machine.Observe(w.gateway.measure(w.now), p.time())
	}
	for range 10 {
		a, ok := p.machine.Next(p.time())
		if !ok {
			break
		}
		p.carryOut(a)
	}
	for _, r := range p.machine.Results() {
		w.record(Event{Kind: Reported, Result: r})
	}
	if p.exitAt > 0 && (p.machine.IsStopped(p.time()) || w.now >= p.exitAt) {
		w.end()
	}
}

// carryOut begins an action. Some processes are killed during it.
func (p *process) carryOut(a limit.Action) {
	w := p.world
	begin, done := w.upTo(time.Second), w.upTo(2*time.Second)
	if w.chance(3) {
		w.after(w.upTo(begin+done+time.Second), p.ifAlive(func() {
			w.inStep[a.Kind]++
			w.kill()
		}))
	}
	switch a.Kind {
	case limit.Save:
		p.save(a, begin)
	case limit.Read:
		var r limit.Reading
		err := w.gateway.fails(w.dice)
		w.after(begin, func() { r = w.gateway.reading(a.Lever) })
		w.after(begin+done, p.ifAlive(func() { p.machine.OnRead(r, err, p.time()) }))
	case limit.Write:
		err := w.gateway.fails(w.dice)
		if err == nil || errors.Is(err, errLost) && w.chance(50) { // only the answer is lost
			w.after(begin, p.ifAlive(func() { w.write(a.Lever, a.Setting) }))
		}
		w.after(begin+done, p.ifAlive(func() { p.machine.OnWritten(err, p.time()) }))
	}
}

// save stores the journal, or fails, or takes too long.
func (p *process) save(a limit.Action, begin time.Duration) {
	w, data := p.world, encode(a.Record)
	var err error
	switch {
	case w.chance(3):
		err = errors.New("no space left on device")
	case w.chance(2):
		begin += 15 * time.Second
	}
	p.savedAt = max(p.savedAt, w.now) + begin // in order
	w.after(p.savedAt-w.now, p.ifAlive(func() {
		if err == nil {
			w.disk = data
		}
		w.after(w.upTo(50*time.Millisecond), p.ifAlive(func() { p.machine.OnSaved(a.ID, err, p.time()) }))
	}))
}
