package hasstest

import (
	"fmt"
	"strings"
)

// A Severity says what becomes of a message that breaks a rule.
type Severity string

// The severities, the worst first.
const (
	MessageLost   Severity = "E" // Home Assistant refuses the whole message
	ComponentLost Severity = "e" // the component is dropped, or its state is refused
	Warning       Severity = "W" // accepted, but warned of or of no use
	House         Severity = "H" // a rule of ours, not Home Assistant's
)

// A Finding is one broken rule.
type Finding struct {
	Severity  Severity
	Rule      int    // one number for each rule, the same for all its severities
	Topic     string // of the discovery message, or of the state
	Component string // key of the component, "" for the message itself
	Text      string
}

// String returns the finding as one line, "e21 topic component: text".
func (f Finding) String() string {
	where := strings.TrimSpace(f.Topic + " " + f.Component)
	return fmt.Sprintf("%s%d %s: %s", f.Severity, f.Rule, where, f.Text)
}
