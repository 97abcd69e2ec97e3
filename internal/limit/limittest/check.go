package limittest

import (
	"slices"
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/limit"
)

// The rules that Check checks.
const (
	NoCause     = "write without cause"
	TooSoon     = "two writes within 10 s"
	TooEarly    = "state before restored before the lease had ended"
	Overwritten = "somebody else's setting overwritten"
	NotRestored = "state before not restored"
)

// A Violation is a broken rule.
type Violation struct {
	Rule  string
	Event Event // at which it was found; the last one if something is missing
}

func (v Violation) String() string { return v.Rule + ": " + v.Event.String() }

const (
	// transit is how long a command and a write may be under way, beside
	// limit.MaxAge.
	transit = 5 * time.Second
	// race is how long after a reading the write may follow: what others change
	// between may be overwritten.
	race = time.Minute
	// storeTime is how long a process may need to store that a lease has ended.
	storeTime = 5 * time.Minute
)

// Check returns the violations in a recording. It must end so long after the last
// lease that everything could be restored.
func Check(r Recording) []Violation {
	c := &checker{lastWrite: -time.Hour}
	for i := range c.levers {
		c.levers[i].others = []limit.Setting{{}}
		c.levers[i].othersAt = -time.Hour
	}
	for _, e := range r {
		c.add(e)
	}
	for i, m := range c.levers {
		mayLast := m.lease != nil && m.lease.mayLast() && c.enabled && c.forever
		if !mayLast && !contains(m.others, m.has) {
			c.violate(NotRestored, Event{At: r[len(r)-1].At, Kind: "end", Lever: limit.Lever(i), Setting: m.has})
		}
	}
	return c.violations
}

type checker struct {
	violations []Violation
	lastWrite  time.Duration
	isRunning  bool
	enabled    bool
	forever    bool
	startedAt  time.Duration
	endsLeases bool // the configuration ends leases, once the process had time to store that
	levers     [2]model
}

func (c *checker) violate(rule string, e Event) {
	c.violations = append(c.violations, Violation{rule, e})
}

func (c *checker) add(e Event) {
	m := &c.levers[e.Lever]
	if c.endsLeases && e.At-c.startedAt >= storeTime {
		c.endsLeases = false
		c.endByConfig(e)
	}
	switch e.Kind {
	case Sent:
		c.sent(e)
	case Write:
		c.write(m, e)
	case Changed:
		if m.has = e.Setting; m.lease != nil && m.othersAt > m.wroteAt { // it has arrived late
			m.others = slices.Concat(m.lease.before, m.others)
		}
	case Foreign:
		m.previousOthers = m.others
		m.has, m.others, m.othersAt = e.Setting, []limit.Setting{e.Setting}, e.At
	case Firmware: // what the gateway has stays
		for i := range c.levers {
			c.levers[i].others = append(slices.Clone(c.levers[i].others), c.levers[i].has)
		}
	case Started, Reloaded:
		c.started(e)
	case Stopping:
		c.stop(e)
	case Ended:
		c.isRunning, c.endsLeases = false, false
	case Reported:
		c.reported(&c.levers[leverNamed(e.Result.Lever)], e)
	}
}

// reported notes what the program says that it has not chosen.
func (c *checker) reported(m *model, e Event) {
	r := e.Result
	switch {
	case r.Status == limit.HandedOver && strings.Contains(r.Text, "firmware"):
		m.others = append(slices.Clone(m.others), m.has) // a write may have arrived after the change
	case r.Status == limit.Accepted && strings.HasPrefix(r.Text, "restoring"):
		m.end(e.At)
	case strings.Contains(r.Text, "opposite"): // a crash may lose it
		if m.endedAt = e.At; m.lease != nil {
			m.lease.mayEnd = true
		}
	}
}

func leverNamed(name string) limit.Lever {
	if name == limit.Switch.String() {
		return limit.Switch
	}
	return limit.Power
}

func (c *checker) started(e Event) {
	c.enabled, c.forever, c.isRunning = e.Enabled, e.Forever, true
	for i := range c.levers {
		c.levers[i].commands = nil
	}
	c.startedAt, c.endsLeases = e.At, !e.Enabled || !e.Forever
	for i := range c.levers {
		if l := c.levers[i].lease; l != nil && (!e.Enabled || l.mayLast() && !e.Forever) {
			l.mayEnd = true
		}
	}
	if e.Kind == Started {
		c.stop(e)
	}
}

// endByConfig ends the leases that the configuration does not permit.
func (c *checker) endByConfig(e Event) {
	for i := range c.levers {
		if m := &c.levers[i]; !c.enabled || m.lease != nil && m.lease.mayLast() && !c.forever {
			m.end(e.At)
		}
	}
}

// stop ends the leases that have an end.
func (c *checker) stop(e Event) {
	for i := range c.levers {
		m := &c.levers[i]
		if m.stoppedAt = e.At; m.lease != nil {
			m.lease.stop()
		}
	}
}

// sent notes a message that may be a cause.
func (c *checker) sent(e Event) {
	asked, err := limit.ParseCommand([]byte(e.Payload))
	if err != nil || e.Retained || e.Early || !c.isRunning || !c.enabled || asked.Forever && !c.forever {
		return
	}
	m := &c.levers[asked.Lever]
	if asked.End { // a crash may lose it, until it is reported as accepted
		if m.endedAt = e.At; m.lease != nil {
			m.lease.mayEnd = true
		}
		return
	}
	sent := command{asked, e.At}
	m.commands = append(m.commands, sent)
	if m.lease != nil { // its time may count, even if its write is lost
		m.lease.commands = append(m.lease.commands, sent)
	}
}

// write checks that a write has a cause.
func (c *checker) write(m *model, e Event) {
	if e.At-c.lastWrite < limit.Pace {
		c.violate(TooSoon, e)
	}
	c.lastWrite = e.At
	isRace := m.othersAt > e.At-race
	if isRace {
		m.others = slices.Concat(m.previousOthers, m.others)
	}
	isTaken := m.isTaken()
	if isTaken {
		m.others = slices.Concat(m.lease.before, m.others)
	}
	i := slices.IndexFunc(m.commands, func(c command) bool {
		return c.asksFor(e.Setting) && c.at <= e.At && e.At-c.at <= limit.MaxAge+transit
	})
	isBefore := m.lease != nil && contains(m.lease.before, e.Setting)
	switch {
	case i >= 0:
		m.begin(m.commands[i:])
	case isBefore && m.lease.isOver(e.At):
		if !isRace && !isTaken && m.othersAt > m.wroteAt && contains(m.others, m.has) && !contains(m.lease.before, m.has) {
			c.violate(Overwritten, e)
		}
	case isBefore:
		c.violate(TooEarly, e)
	default:
		c.violate(NoCause, e)
	}
	m.wroteAt, m.wrote = e.At, e.Setting
}
