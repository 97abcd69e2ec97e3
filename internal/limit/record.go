package limit

import (
	"encoding/json"
	"fmt"
)

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
