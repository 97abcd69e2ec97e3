package hasstest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// ourID is the identifier of a gateway, or of a device behind one.
var ourID = regexp.MustCompile(`^envoy_(?:([a-z]+_)([A-Za-z0-9]{1,32})|([A-Za-z0-9]{6,32}))$`)

// secrets matches what looks like a secret, or like a place.
var secrets = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8}|(?i:token=|"(?:latitude|longitude)")|://[^/"\s]*@`)

// A checker collects findings about its current place.
type checker struct {
	opts     Options
	findings []Finding
	seen     map[Finding]bool

	topic, component string
}

func (c *checker) add(s Severity, rule Rule, format string, args ...any) {
	f := Finding{s, rule, c.topic, c.component, fmt.Sprintf(format, args...)}
	if c.seen[f] {
		return // the same document was sent again
	}
	c.seen[f] = true
	c.findings = append(c.findings, f)
}

// bridge returns the identifier of the bridge's own device.
func (c *checker) bridge() string {
	return strings.ReplaceAll(c.opts.Base, "/", "_") + "_bridge"
}

func (c *checker) isGateway(id string) bool {
	m := ourID.FindStringSubmatch(id)
	return m != nil && m[1] == "" && id != c.bridge()
}

// isTotal reports whether id is that of a total of several gateways.
func (c *checker) isTotal(id string) bool {
	return strings.HasPrefix(id, "envoy_total") && strings.HasSuffix(id, "_"+c.bridge())
}

// isLiveTopic reports whether topic is <base>/<serial>/live or below.
func (c *checker) isLiveTopic(topic string) bool {
	rest, ok := strings.CutPrefix(topic, c.opts.Base+"/")
	levels := strings.Split(rest, "/")
	return ok && len(levels) > 1 && levels[1] == "live"
}

// addAmbiguous adds findings about keys that a message contains in their long and short form.
func (c *checker) addAmbiguous(s Severity, keys []string) {
	for _, key := range keys {
		c.add(s, ruleAbbreviations, "%s is in its long and its short form", key)
	}
}

// checkSecrets adds a finding, without the secret, if s contains one.
func (c *checker) checkSecrets(where, s string) {
	known := func(secret string) bool { return secret != "" && strings.Contains(s, secret) }
	if secrets.MatchString(s) || slices.ContainsFunc(c.opts.Secrets, known) {
		c.add(OwnRule, ruleSecrets, "%s contains a secret or a place", where)
	}
}

// A documentChecker checks one document.
type documentChecker struct {
	*checker
	doc *document
}

// A componentChecker checks one component of a document.
type componentChecker struct {
	documentChecker
	p component
}
