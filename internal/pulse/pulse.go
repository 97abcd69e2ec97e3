// Package pulse does a thing from time to time and has no goroutine in between:
// the stacks of those that wait would be a tenth of the memory that a thousand
// gateways take.
package pulse

import (
	"sync/atomic"
	"time"
)

// A Pulse calls a function, never twice at the same time.
type Pulse struct {
	beat  func() (wait time.Duration)
	timer *time.Timer
	woken atomic.Bool
	over  atomic.Bool

	turn chan struct{} // has an element while beat runs; guards what follows
	due  time.Time
}

// Start has beat called at once, whenever the time that it returned last has
// passed, and when it is woken, until [Pulse.End].
func Start(beat func() (wait time.Duration)) *Pulse {
	p := &Pulse{beat: beat, turn: make(chan struct{}, 1)}
	p.turn <- struct{}{}
	p.timer = time.AfterFunc(0, p.run)
	<-p.turn
	return p
}

func (p *Pulse) run() {
	p.turn <- struct{}{}
	defer func() { <-p.turn }()
	for !p.over.Load() {
		if p.woken.Swap(false) || !time.Now().Before(p.due) {
			wait := p.beat()
			p.due = time.Now().Add(wait)
		}
		p.timer.Reset(time.Until(p.due))
		if !p.woken.Load() { // else that has undone what Wake did
			return
		}
	}
}

// Wake has the function called soon, once more where it is running. It does not
// wait for that.
func (p *Pulse) Wake() {
	if !p.woken.Swap(true) {
		p.timer.Reset(0)
	}
}

// End waits for a call that is under way. There is none after it.
func (p *Pulse) End() {
	p.over.Store(true)
	p.turn <- struct{}{}
	defer func() { <-p.turn }()
	p.timer.Stop()
}
