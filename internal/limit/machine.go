package limit

import (
	"fmt"
	"time"
)

const (
	// saveTimeout limits the wait for the journal.
	saveTimeout = 10 * time.Second
	// saveRetryInterval separates attempts to store the end of a lease.
	saveRetryInterval = 30 * time.Second
)

// A Machine decides about the settings of one gateway. Its methods must be called
// by one goroutine, with times that do not go back.
type Machine struct {
	common
	levers [levers]*lever

	busy      bool // an action is being carried out
	current   Action
	startedAt time.Time // of current
	nextID    int       // of a Save
	saveAfter time.Time // of the next attempt to store the end of a lease
}

// NewMachine returns a machine that continues the leases in a journal. The machine before it
// may have written just now.
func NewMachine(c Config, journal Record, now time.Time) *Machine {
	m := &Machine{common: common{config: c, notBefore: now.Add(Pace)}}
	for i := range m.levers {
		m.levers[i] = newLever(&m.common, Lever(i), journal, now)
	}
	return m
}

// IsActive reports whether the machine has anything to do, so that [Machine.Next]
// must be called at least once a second.
func (m *Machine) IsActive() bool {
	isActive := m.busy || m.isDirty
	for _, l := range m.levers {
		isActive = isActive || l.lease != nil || l.pending != nil
	}
	return isActive
}

// SetAway records whether the gateway does not answer. Commands are refused then.
func (m *Machine) SetAway(isAway bool) { m.isAway = isAway }

// Busy returns the action that is being carried out.
func (m *Machine) Busy() (Action, bool) { return m.current, m.busy }

// Results returns the results since the previous call.
func (m *Machine) Results() []Result {
	all := m.results
	m.results = nil
	return all
}

// Reject reports a message that is no command.
func (m *Machine) Reject(err error, now time.Time) {
	m.report(Result{Status: Refused, Text: err.Error()}, now)
}

// Command takes a command that has just arrived. It replaces one for the same lever
// that was not carried out yet.
func (m *Machine) Command(c Command, now time.Time) {
	l := m.levers[c.Lever]
	c, why := c.complete(wanted(l.pending, l.lease))
	switch {
	case why != "":
	case !m.config.Enabled:
		why = "LIMIT is off"
	case m.isStopping:
		why = "envoy-mqtt stops"
	case c.Forever && !m.config.Forever:
		why = "LIMIT_FOREVER is off"
	case c.End:
		l.endByCommand(c, now)
		return
	case m.isAway:
		why = "the gateway does not answer"
	}
	if why != "" {
		m.report(Result{Status: Refused, Lever: c.Lever.String(), Asked: c.String(), Text: why}, now)
		return
	}
	l.setPending(c, now)
}

// Next returns the next action, unless one is being carried out or nothing is to
// be done yet.
func (m *Machine) Next(now time.Time) (Action, bool) {
	if m.busy && m.current.Kind == Save && now.Sub(m.startedAt) >= saveTimeout {
		m.OnSaved(m.current.ID, fmt.Errorf("no answer from the file system for %v", saveTimeout), now)
	}
	if m.busy {
		return Action{}, false
	}
	for _, l := range m.levers {
		l.expire(now)
	}
	for _, l := range m.levers {
		if a, ok := l.next(now); ok {
			return m.start(a, now), true
		}
	}
	if m.isDirty && !now.Before(m.saveAfter) {
		return m.start(Action{Kind: Save}, now), true
	}
	return Action{}, false
}

// start notes that an action is being carried out.
func (m *Machine) start(a Action, now time.Time) Action {
	if a.Kind == Save {
		m.nextID++
		a.ID, a.Record = m.nextID, m.record()
		m.isDirty = false
	}
	m.busy, m.current, m.startedAt = true, a, now
	return a
}

// record returns the content of the journal.
func (m *Machine) record() Record {
	r := Record{Run: m.config.Run, Leases: map[string]*Lease{}}
	for _, l := range m.levers {
		if l.lease != nil {
			r.Leases[l.lever.String()] = l.lease
		}
	}
	return r
}

// OnRead takes the result of a Read.
func (m *Machine) OnRead(r Reading, err error, now time.Time) {
	m.busy = false
	l := m.levers[m.current.Lever]
	if err != nil {
		l.onReadFailed(err, now)
		return
	}
	l.onRead(r, now)
}

// Notice takes a reading that the machine has not asked for.
func (m *Machine) Notice(lever Lever, r Reading, now time.Time) {
	l := m.levers[lever]
	if isBusy := m.busy && m.current.Lever == lever; isBusy || l.attempt != nil {
		return
	}
	l.compare(r, now)
}

// OnSaved takes the result of the Save with this ID.
func (m *Machine) OnSaved(id int, err error, now time.Time) {
	if !m.busy || m.current.Kind != Save || m.current.ID != id {
		return // too late
	}
	m.busy = false
	if err != nil {
		m.isDirty, m.saveAfter = true, now.Add(saveRetryInterval)
	}
	for _, l := range m.levers {
		l.onSaved(m.current.Record.Leases[l.lever.String()], err, now)
	}
}

// OnWritten takes the result of a Write.
func (m *Machine) OnWritten(err error, now time.Time) {
	m.busy = false
	m.notBefore = now.Add(Pace)
	m.levers[m.current.Lever].onWritten(err, now)
}

// Observe takes the power of a sample.
func (m *Machine) Observe(power Measurement, now time.Time) {
	m.power = power
	if e := m.levers[Power].verification.effect; e != nil && m.levers[Switch].lease != nil {
		e.oppositeSince = time.Time{} // the switch explains it
	}
	for _, l := range m.levers {
		l.observe(power, now)
	}
}

// A Kind is what an action does.
type Kind int

// The kinds of actions.
const (
	Read  Kind = iota // read the setting of a lever, then call [Machine.OnRead]
	Save              // store the journal, then call [Machine.OnSaved]
	Write             // change the setting of a lever, then call [Machine.OnWritten]
)

// An Action is what the owner of a machine does next.
type Action struct {
	Kind    Kind
	ID      int     // of a Save
	Lever   Lever   // of Read and Write
	Setting Setting // of Write
	Record  Record  // of Save
}
