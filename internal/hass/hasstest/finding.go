package hasstest

import (
	"fmt"
	"strings"
)

// A Severity is the consequence for a message that breaks a rule.
type Severity string

// The severities, the worst first.
const (
	MessageLost   Severity = "message"   // Home Assistant rejects the whole message
	ComponentLost Severity = "component" // Home Assistant drops the component, or rejects its state
	Warning       Severity = "warning"   // accepted with a warning, or useless
	OwnRule       Severity = "own"       // a rule of this project, not Home Assistant's
)

// A Finding is one broken rule.
type Finding struct {
	Severity  Severity
	Rule      Rule
	Topic     string // of the discovery message, or of the state
	Component string // key of the component, "" for the message itself
	Text      string
}

// String returns the finding as one line, "component:unit topic key: text".
func (f Finding) String() string {
	where := strings.TrimSpace(f.Topic + " " + f.Component)
	return fmt.Sprintf("%s:%s %s: %s", f.Severity, f.Rule, where, f.Text)
}
