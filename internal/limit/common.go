package limit

import "time"

const (
	// Pace separates two writes: the start of one is this long after the end of the
	// one before.
	Pace = 10 * time.Second
	// MaxAge is the age at which a command that could not be carried out is refused.
	MaxAge = 30 * time.Second
)

// Config configures a machine.
type Config struct {
	Enabled bool // commands are carried out; otherwise leases of the journal end
	Forever bool // commands without an end are permitted
	// Run identifies the process. The leases of another one in the journal were
	// interrupted; those of this one were handed over.
	Run string
}

// common is what the levers of a machine share.
type common struct {
	config     Config
	results    []Result
	notBefore  time.Time   // of the next write
	isDirty    bool        // the journal does not have the latest of a lease
	isStopping bool        // no more commands
	isAway     bool        // the gateway does not answer
	power      Measurement // the latest
}

func (c *common) report(r Result, now time.Time) {
	r.Time = now.UTC().Truncate(time.Second)
	c.results = append(c.results, r)
}

// isPaced reports whether a write has to wait for the pace.
func (c *common) isPaced(now time.Time) bool { return now.Before(c.notBefore) }

// A Status says what has become of a command or a lease.
type Status string

// The results, in the order in which a command has them.
const (
	Accepted   Status = "accepted"    // the command is being carried out
	Refused    Status = "refused"     // the command is not carried out
	Applied    Status = "applied"     // the gateway has the setting, which was read back
	Effective  Status = "effective"   // the measured power obeys
	NoEffect   Status = "no_effect"   // the measured power does not obey
	Expired    Status = "expired"     // the lease has ended by time and the state before was read back
	Restored   Status = "restored"    // likewise, for another reason
	HandedOver Status = "handed_over" // somebody else has changed the setting, which stays
	Failed     Status = "failed"      // the state before could not be restored yet
)

// A Result is what is published under limit/result.
type Result struct {
	Time    time.Time `json:"time"`
	Status  Status    `json:"result"`
	Lever   string    `json:"setting,omitzero"` // limit or production_off
	Asked   string    `json:"asked,omitzero"`   // the command in words
	Text    string    `json:"text"`
	Watts   *float64  `json:"measured,omitzero"` // power, W, with effective and no_effect
	Seconds *float64  `json:"seconds,omitzero"`  // after the write, likewise
}
