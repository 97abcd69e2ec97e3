package limit

import (
	"fmt"
	"time"
)

// collectTime is how long no command may arrive before the latest is carried out,
// and maxCollectTime how long the first one waits.
const collectTime, maxCollectTime = time.Second, 5 * time.Second

// A pending command waits for others that replace it, and for the pace.
type pending struct {
	Command
	first, at time.Time // of the first of several commands, and of this one
	failure   error     // of the latest reading
}

// isDue reports whether the command need not wait for others.
func (p *pending) isDue(now time.Time) bool {
	return now.Sub(p.at) >= collectTime || now.Sub(p.first) >= maxCollectTime
}

// obstacle returns why the command was not carried out yet.
func (p *pending) obstacle() string {
	if p.failure != nil {
		return p.failure.Error()
	}
	return "the pace of writes"
}

// wanted returns the setting that a command changes which leaves a part as it is. It
// is not the latest reading, which may be old.
func wanted(p *pending, lease *Lease) Setting {
	switch {
	case p != nil:
		return p.Setting
	case lease != nil && lease.Ended == "":
		return lease.latest()
	}
	return Setting{}
}

// complete returns the command with what it leaves as it is, or why it cannot be
// carried out.
func (c Command) complete(now Setting) (complete Command, why string) {
	if c.KeepTarget && now.Active {
		c.Setting.Export = now.Export
	}
	if c.KeepWatts {
		if !now.Active && !c.Setting.Export {
			return c, `the power is missing, send for example {"production": 2000}`
		}
		c.Setting.Watts = now.Watts
	}
	return c, ""
}

// answer decides about a command after its lever was read: it is accepted, it is
// refused, or it is applied without a write. lease is nil without one.
func (c Command) answer(r Reading, lease *Lease) (s Status, text string) {
	before := r.Setting
	if lease != nil {
		before = lease.Before
	}
	switch {
	case lease == nil && r.Dynamic:
		return Refused, "another program moves the limit of the gateway all the time"
	case c.Setting.loosens(before):
		return Refused, fmt.Sprintf("somebody else has set: %v. A command can only limit more", before)
	case lease == nil && r.Same(c.Setting):
		return Applied, fmt.Sprintf("the gateway had already: %v", r.Setting)
	}
	return Accepted, "before: " + c.Lever.words(before)
}
