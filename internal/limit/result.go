package limit

import "time"

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
