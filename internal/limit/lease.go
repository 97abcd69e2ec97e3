package limit

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// A Lever is one of the settings of a gateway that limit its power.
type Lever int

// The levers of a gateway. They are independent of each other.
const (
	Power  Lever = iota // the power limit
	Switch              // the switch of all inverters
	levers
)

// String returns the name of the lever in the journal.
func (l Lever) String() string { return [levers]string{"limit", "production_off"}[l] }

// words returns a setting of the lever for texts.
func (l Lever) words(s Setting) string {
	if l == Switch && !s.Off {
		return "production on"
	}
	return s.String()
}

// A Setting is the state of one lever. The zero value does not limit the power.
type Setting struct {
	Active bool    `json:"active,omitzero"` // of [Power]
	Export bool    `json:"export,omitzero"` // limits the export, not the production
	Watts  float64 `json:"watts,omitzero"`  // of an active limit
	Off    bool    `json:"off,omitzero"`    // of [Switch]: production is off
}

// sameWatts is how far a limit that is read back may differ from the one written.
const sameWatts = 1

// Same reports whether s and other have the same effect.
func (s Setting) Same(other Setting) bool {
	if s.Off != other.Off || s.Active != other.Active {
		return false
	}
	return !s.Active || s.Export == other.Export && math.Abs(s.Watts-other.Watts) < sameWatts
}

// isLike reports whether s limits the same as other, to whatever power.
func (s Setting) isLike(other Setting) bool {
	other.Watts = s.Watts
	return s.Active && s.Same(other)
}

// loosens reports whether s allows power that before does not. An export limit in
// place of a production limit does: the house uses more.
func (s Setting) loosens(before Setting) bool {
	switch {
	case before.Off:
		return !s.Off
	case !before.Active:
		return false
	}
	return !s.Active || s.Export && !before.Export || s.Watts > before.Watts+sameWatts
}

// String returns the setting for texts.
func (s Setting) String() string {
	switch {
	case s.Off:
		return "production off"
	case !s.Active:
		return "no limit"
	case s.Export:
		return fmt.Sprintf("export limited to %s W", watts(s.Watts))
	}
	return fmt.Sprintf("production limited to %s W", watts(s.Watts))
}

// A Reading is a setting that was read.
type Reading struct {
	Setting
	Dynamic  bool   // another program moves the limit all the time
	Firmware string // of the gateway, empty if unknown
}

func watts(w float64) string { return strconv.FormatFloat(math.Round(w)+0, 'f', -1, 64) }

// A Lease is a setting that ends, and what was before. It does not change: its
// methods return another one, because a record may have this one.
type Lease struct {
	Before Setting   `json:"before"`         // to be restored
	Wrote  []Setting `json:"wrote"`          // of this lease, newest last, at least one; the newest may not have arrived
	Took   *Setting  `json:"took,omitempty"` // what the gateway has made of the newest, if that is another power; else nil
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

// The reasons of a lease that has ended by time, and by a command.
const (
	expired  = "expired"
	askedFor = "asked for"
)

// latest returns the setting that was written last.
func (l *Lease) latest() Setting { return l.Wrote[len(l.Wrote)-1] }

// isLatest reports whether s is the setting that was written last, or what the gateway
// has made of it.
func (l *Lease) isLatest(s Setting) bool {
	return s.Same(l.latest()) || l.Took != nil && s.Same(*l.Took)
}

// isForeign reports whether somebody else has made s.
func (l *Lease) isForeign(s Setting) bool {
	return !s.Same(l.Before) && !l.isLatest(s) && !slices.ContainsFunc(l.Wrote, s.Same)
}

// mayHaveTaken reports whether the gateway may have made s of the newest setting, as
// it rounds or has bounds of its own: it is neither the newest nor one from before it.
func (l *Lease) mayHaveTaken(s Setting) bool {
	n := len(l.Wrote)
	return s.isLike(l.latest()) && !l.isLatest(s) && !s.Same(l.Before) && (n < 2 || !s.Same(l.Wrote[n-2]))
}

// took returns the lease of which the gateway has made s of the newest setting.
func (l *Lease) took(s Setting) *Lease {
	next := *l
	next.Took = &s
	return &next
}

// isOtherFirmware reports whether the gateway had another firmware when the lease
// began. An unknown firmware is not another one.
func (l *Lease) isOtherFirmware(firmware string) bool {
	return firmware != "" && l.Firmware != "" && firmware != l.Firmware
}

// isRestoring reports whether the state before has to be restored now.
func (l *Lease) isRestoring() bool { return l.Ended != "" && !l.HandedOver }

func (l *Lease) isOver(now time.Time) bool { return !l.Until.IsZero() && !now.Before(l.Until) }

// granted returns the lease of a command that was just accepted.
func (l *Lease) granted(c Command, firmware string, now time.Time) *Lease {
	next := *l
	next.Wrote = slices.Clone(l.Wrote)
	if l.Took != nil && !c.Setting.Same(l.latest()) {
		next.Wrote, next.Took = append(next.Wrote, *l.Took), nil
	}
	next.Wrote = slices.DeleteFunc(next.Wrote, c.Setting.Same)
	if n := len(next.Wrote); n >= maxWrote {
		next.Wrote = next.Wrote[n-maxWrote+1:]
	}
	next.Wrote = append(next.Wrote, c.Setting)
	next.Firmware = firmware // another one only if the gateway has the state before
	next.Ended, next.Until, next.Length = "", time.Time{}, ""
	if !c.Forever {
		next.Until, next.Length = now.Add(c.For), c.For.String()
	}
	return &next
}

// ended returns the lease with the reason of its end.
func (l *Lease) ended(why string) *Lease {
	next := *l
	next.Ended = why
	return &next
}

// handedOver returns the lease while somebody else has changed the setting, or after
// that.
func (l *Lease) handedOver(is bool) *Lease {
	next := *l
	next.HandedOver = is
	return &next
}

// resumed returns the lease, which a process has stored, as it is after a start.
func (l *Lease) resumed(c Config, process string, now time.Time) *Lease {
	next := *l
	isForever := l.Until.IsZero()
	if length, err := time.ParseDuration(l.Length); err == nil && !isForever && l.Until.After(now.Add(length)) {
		next.Until = now.Add(length) // the clock was set back
	}
	switch {
	case l.Ended != "":
	case !c.Enabled:
		next.Ended = "LIMIT is off"
	case isForever && !c.Forever:
		next.Ended = "LIMIT_FOREVER is off"
	case process != c.Run && !isForever:
		next.Ended = "envoy-mqtt was interrupted"
	}
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
