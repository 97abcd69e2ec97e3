package limittest

import (
	"fmt"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/limit"
)

// A Kind is what happened.
type Kind string

// The kinds of events.
const (
	Sent     Kind = "sent"     // a message to limit/set
	Write    Kind = "write"    // the gateway received a change from the program
	Changed  Kind = "changed"  // the gateway has the setting of a Write
	Foreign  Kind = "foreign"  // somebody else has changed the setting, or it was there at first
	Firmware Kind = "firmware" // the firmware of the gateway has changed
	Started  Kind = "started"  // a process of the program
	Stopping Kind = "stopping" // it was asked to stop
	Reloaded Kind = "reloaded" // another bridge of the same process has taken over
	Ended    Kind = "ended"    // the process, in whatever way
	Reported Kind = "reported" // a message of the program on limit/result
)

// An Event is one entry of a recording.
type Event struct {
	At       time.Duration // since the beginning
	Kind     Kind
	Lever    limit.Lever   // of Write, Changed and Foreign
	Setting  limit.Setting // likewise
	Payload  string        // of Sent
	Retained bool          // of Sent
	Early    bool          // of Sent: before the program had connected to the broker, so that it may be old
	Enabled  bool          // of Started and Reloaded: LIMIT
	Forever  bool          // likewise: LIMIT_FOREVER
	Result   limit.Result  // of Reported
}

// String returns the event for a test's output.
func (e Event) String() string {
	text := fmt.Sprintf("%9.1fs %-8s", e.At.Seconds(), e.Kind)
	switch e.Kind {
	case Sent:
		text += fmt.Sprintf(" %s retained=%t", e.Payload, e.Retained)
	case Write, Changed, Foreign:
		text += fmt.Sprintf(" %v: %v", e.Lever, e.Setting)
	case Started, Reloaded:
		text += fmt.Sprintf(" LIMIT=%t LIMIT_FOREVER=%t", e.Enabled, e.Forever)
	case Reported:
		text += fmt.Sprintf(" %s %s: %s", e.Result.Status, e.Result.Lever, e.Result.Text)
	}
	return text
}

// A Recording is what happened, in order.
type Recording []Event

// Excerpt returns r without the inner messages of floods.
func Excerpt(r Recording) (short Recording) {
	isMessage := func(i int) bool { return i >= 0 && i < len(r) && (r[i].Kind == Sent || r[i].Kind == Reported) }
	for i, e := range r {
		inner := true
		for d := -4; d <= 4; d++ {
			inner = inner && isMessage(i+d)
		}
		if !inner {
			short = append(short, e)
		}
	}
	return short
}
