package limittest

import (
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/limit"
)

// A model is what follows from the recording about a lever.
type model struct {
	has            limit.Setting   // of the gateway
	others         []limit.Setting // one of these the gateway would have without the program
	previousOthers []limit.Setting // before the latest change by somebody else
	othersAt       time.Duration   // of that change
	wroteAt        time.Duration   // of the latest write
	wrote          limit.Setting   // by it
	commands       []command       // that may cause a write
	lease          *lease
	endedAt        time.Duration // when every lease may have been ended, by a command for example
	mustEndAt      time.Duration // when every lease was
	stoppedAt      time.Duration // when every lease with an end was ended
}

type command struct {
	limit.Command
	at time.Duration
}

// A lease is what follows from a written command.
type lease struct {
	before   []limit.Setting // one of these may be restored
	commands []command       // the first was written, a later one may have replaced it
	mayEnd   bool            // not only by time
	mustEnd  bool
}

// isTaken reports whether the latest change by somebody else looks like what the gateway
// has made of the latest write.
func (m *model) isTaken() bool {
	likeWrote, after := m.wrote, m.othersAt-m.wroteAt
	likeWrote.Watts = m.has.Watts
	return m.lease != nil && m.has.Same(likeWrote) && after > 0 && after < limit.TakeoverTimeout+transit
}

// end ends the lease.
func (m *model) end(at time.Duration) {
	m.endedAt, m.mustEndAt = at, at
	if m.lease != nil {
		m.lease.mayEnd, m.lease.mustEnd = true, true
	}
}

// begin begins the lease of the first command. Earlier commands are no causes any
// more.
func (m *model) begin(commands []command) {
	l := &lease{before: slices.Clone(m.others), commands: slices.Clone(commands)}
	first := commands[0].at
	if m.stoppedAt > first {
		l.stop()
	}
	if m.endedAt > first {
		l.mayEnd = true
		l.mustEnd = m.mustEndAt > l.commands[len(l.commands)-1].at
	}
	m.lease, m.commands = l, commands
}

// asksFor reports whether a command may lead to s.
func (c command) asksFor(s limit.Setting) bool {
	want := c.Setting
	if c.KeepWatts {
		want.Watts = s.Watts
	}
	if c.KeepTarget {
		want.Export = s.Export
	}
	return want.Same(s)
}

func (l *lease) stop() {
	l.mayEnd = l.mayEnd || slices.ContainsFunc(l.commands, func(c command) bool { return !c.Forever })
}

// isOver reports whether the state before may be restored.
func (l *lease) isOver(at time.Duration) bool {
	return l.mayEnd || slices.ContainsFunc(l.commands, func(c command) bool { return !c.Forever && at >= c.at+c.For })
}

// mayLast reports whether the setting need not be restored.
func (l *lease) mayLast() bool {
	return !l.mustEnd && slices.ContainsFunc(l.commands, func(c command) bool { return c.Forever })
}

func contains(all []limit.Setting, s limit.Setting) bool { return slices.ContainsFunc(all, s.Same) }
