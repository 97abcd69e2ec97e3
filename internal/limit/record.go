package limit

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// A Lease is a setting that ends, and what was before.
type Lease struct {
	Before Setting   `json:"before"`         // to be restored
	Wrote  []Setting `json:"wrote"`          // of this lease, newest last, at least one; the newest may not have arrived
	Until  time.Time `json:"until,omitzero"` // zero means forever
	Length string    `json:"for,omitzero"`   // from the latest command to Until
	Ended  string    `json:"ended,omitzero"` // why the state before is being restored; empty before the end
	// HandedOver means that somebody else has changed the setting. If it becomes the
	// lease's again, as another bridge may restore it, the lease goes on or is ended.
	HandedOver bool      `json:"handed_over,omitzero"`
	Firmware   string    `json:"firmware"`            // of the gateway when the lease began
	WroteAt    time.Time `json:"written_at,omitzero"` // before the latest write
}

// maxWrote limits the settings that a lease remembers.
const maxWrote = 32

// latest returns the setting that was written last.
func (l *Lease) latest() Setting { return l.Wrote[len(l.Wrote)-1] }

// isOurs reports whether the lease has written s.
func (l *Lease) isOurs(s Setting) bool { return slices.ContainsFunc(l.Wrote, s.Same) }

// with returns the lease with a further setting.
func (l *Lease) with(s Setting) *Lease {
	next := *l
	next.Wrote = slices.DeleteFunc(slices.Clone(l.Wrote), s.Same)
	if n := len(next.Wrote); n >= maxWrote {
		next.Wrote = next.Wrote[n-maxWrote+1:]
	}
	next.Wrote = append(next.Wrote, s)
	return &next
}

// A Record is the content of the journal of one gateway.
type Record struct {
	// Run identifies the process that holds the leases. Those of another process
	// were interrupted.
	Run    string            `json:"run"`
	Leases map[string]*Lease `json:"leases"` // by lever
}

// IsEmpty reports whether there are no leases, so that the journal can be removed.
func (r Record) IsEmpty() bool { return len(r.Leases) == 0 }

// Encode returns the record as a file's content.
func (r Record) Encode() []byte {
	data, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		panic(err) // strings, finite numbers and times
	}
	return append(data, '\n')
}

// ParseRecord parses what Encode has returned.
func ParseRecord(data []byte) (Record, error) {
	var r Record
	if err := json.Unmarshal(data, &r); err != nil {
		return Record{}, fmt.Errorf("journal of the power limit: %w", err)
	}
	for name, l := range r.Leases {
		if l == nil || len(l.Wrote) == 0 || name != Power.String() && name != Switch.String() {
			return Record{}, fmt.Errorf("journal of the power limit: %q is no lease", name)
		}
	}
	return r, nil
}
