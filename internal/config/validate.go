package config

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/locate"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// A validator checks the values of a configuration against each other.
type validator struct{ *loader }

// check checks the values of cfg against each other. Each single value is valid,
// or its mistake has been reported.
func (l validator) check(cfg *Config) {
	l.checkMQTT(&cfg.MQTT)
	l.checkHTTP(cfg.HTTP)
	if len(l.gateways) == 0 {
		l.fail(origin{}, "no gateway: write a section [ENVOY] with HOST = <its name or address> into config.ini, "+
			"or set ENVOY_MQTT_ENVOY__HOST")
	}
	if len(cfg.Compat.Profiles) > 0 && len(cfg.Gateways) > 1 {
		l.fail(l.at("COMPAT", "PROFILES"), fmt.Sprintf("these topics hold one gateway, and there are %d; give the others a configuration and a process of their own", len(cfg.Gateways)))
	}
	hosts, serials := map[string]string{}, map[string]string{}
	for _, g := range cfg.Gateways {
		l.checkGateway(g)
		if g.Host != locate.Auto {
			l.checkUnique(hosts, g.Section, "HOST", canonicalHost(g.Host))
		} else if g.Serial == "" && len(cfg.Gateways) > 1 {
			l.fail(l.at(g.Section, "HOST"), "auto with several gateways requires SERIAL")
		}
		l.checkUnique(serials, g.Section, "SERIAL", g.Serial)
	}
	for _, t := range cfg.Totals {
		l.checkTotal(t)
		if cfg.General.Shard.IsSet() {
			l.fail(l.totals[t.Section], "a total needs all of its gateways in one process, and SHARD distributes them; remove one of the two")
		}
	}
}

func (l validator) checkMQTT(m *MQTT) {
	if m.URL != nil && m.URL.User != nil { // the keys take precedence, because they may come from a later layer
		if m.Username == "" {
			m.Username = m.URL.User.Username()
		}
		if password, _ := m.URL.User.Password(); m.Password == "" {
			m.Password = Secret(password)
		}
		if _, err := parseMQTT(m.Username); err != nil {
			l.fail(l.at("MQTT", "URL"), "user name: "+err.Error())
		}
		m.URL.User = nil
	}
	if m.Username == "" && m.Password != "" && l.missing("MQTT", "USERNAME") { // a user name without a password is allowed: it can be a token
		l.fail(l.at("MQTT", "PASSWORD"), "USERNAME is missing")
	}
	if m.Supervisor != "" && l.given("MQTT", "USERNAME") {
		l.fail(l.at("MQTT", "USERNAME"), "URL is missing; without it Home Assistant's own broker is used, which needs no USERNAME")
	}
	l.checkPair("MQTT", "CERT_FILE", "KEY_FILE")
	if m.KeyFile != "" {
		l.warnExposed(l.at("MQTT", "KEY_FILE"), m.KeyFile)
	}
}

// checkHTTP reports a page that is not served, or that everybody can read.
func (l validator) checkHTTP(h HTTP) {
	at := l.at("HTTP", "PAGE")
	switch {
	case !h.Page:
	case h.Listen == "" && h.Ingress:
	case h.Listen == "":
		l.fail(at, "LISTEN is missing; write the address at which the page is served, e.g. LISTEN = 127.0.0.1:9799")
	case h.Password == "" && !isLoopback(h.Listen):
		l.warn(at, "LISTEN is not loopback and there is no PASSWORD; everyone who reaches the address can read the page, and changes are not possible on it")
	}
}

// isLoopback reports whether only this machine reaches a server that listens at
// the address.
func isLoopback(listen string) bool {
	host, _, _ := net.SplitHostPort(listen)
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func (l validator) checkGateway(g Gateway) {
	at := func(key string) origin { return l.at(g.Section, key) }
	if l.missing(g.Section, "HOST") {
		l.fail(l.gateways[g.Section], "missing; write the gateway's name or address, e.g. HOST = envoy.local")
	}
	if strings.HasPrefix(g.Host, "http://") && (g.Fingerprint != "" || g.VerifySSL) {
		l.fail(at("HOST"), "http has no certificate; write https:// or leave out FINGERPRINT and VERIFY_SSL")
	}
	l.checkPair(g.Section, "USERNAME", "PASSWORD")
	if l.given(g.Section, "THROTTLE_INTERVAL") {
		l.warn(at("THROTTLE_INTERVAL"), "not applied; how often the gateway is read is INTERVAL")
	}
	if g.FailSafe != nil {
		l.warn(at("FAILSAFE"), "when data goes stale, every reader of live will treat these watts as measured; see docs/consumers.md")
	}
	l.checkLimit(g)
	if g.Interval > 0 && g.Interval < time.Second {
		l.warn(at("INTERVAL"), fmt.Sprintf("%v is short; many gateways slow down or restart if they are read more than once a second", g.Interval))
	}
	if interval := cmp.Or(g.Interval, time.Second); g.StaleAfter > 0 && g.StaleAfter < 2*interval {
		l.warn(at("STALE_AFTER"), fmt.Sprintf("%v is less than twice INTERVAL (%v); one late reading makes the gateway offline", g.StaleAfter, interval))
	}
}

// checkLimit warns of the risks of LIMIT, and of keys without which it does nothing.
func (l validator) checkLimit(g Gateway) {
	at := func(key string) origin { return l.at(g.Section, key) }
	switch {
	case g.Limit && g.Username == "":
		l.warn(at("LIMIT"), "experimental; needs USERNAME and PASSWORD of an account with the installer's role; see docs/limit.md")
	case g.Limit:
		l.warn(at("LIMIT"), "experimental; everyone who may publish to limit/set can reduce export and production, and if this program never starts again, the limit stays; see docs/limit.md")
	case g.LimitForever:
		l.warn(at("LIMIT_FOREVER"), "not applied without LIMIT = true")
	}
}

// checkPair reports if only one of two keys of section is set.
func (l validator) checkPair(section, a, b string) {
	if l.given(section, a) && l.missing(section, b) {
		l.fail(l.at(section, a), b+" is missing")
	}
	if l.given(section, b) && l.missing(section, a) {
		l.fail(l.at(section, b), a+" is missing")
	}
}

// checkUnique reports if another section has the same value for key. seen has the
// sections by value.
func (l validator) checkUnique(seen map[string]string, section, key, value string) {
	if value == "" {
		return
	}
	if other, again := seen[value]; again {
		l.fail(l.at(section, key), "the same as in ["+other+"]; each gateway needs one section only")
	}
	seen[value] = section
}

var totalPattern = regexp.MustCompile(`^TOTAL(_[A-Z0-9]+)*$`)

// checkTotal checks a total against the gateways.
func (l validator) checkTotal(t Total) {
	at := l.totals[t.Section]
	switch level := schema.TotalLevel(t.Section); {
	case !totalPattern.MatchString(t.Section):
		l.fail(at, "the name of a total may contain letters, digits and _ only, because it is part of topics")
	case len(level) > schema.MaxTotalLevel:
		l.fail(at, fmt.Sprintf("the name of a total may have %d characters at most", schema.MaxTotalLevel))
	}
	if !l.given(t.Section, "GATEWAYS") {
		l.fail(at, "is missing; write the sections that are added, e.g. GATEWAYS = ENVOY, ENVOY_GARAGE")
		return
	}
	if len(t.Gateways) == 1 {
		l.fail(at, "only one gateway; a total adds at least two")
	}
	for _, section := range t.Gateways {
		if _, ok := l.gateways[section]; !ok {
			l.fail(at, fmt.Sprintf("there is no section [%s]", section))
		}
	}
	if t.GridFrom != "" && len(t.Gateways) > 0 && !slices.Contains(t.Gateways, t.GridFrom) {
		l.fail(l.at(t.Section, "GRID_FROM"), t.GridFrom+" is not one of GATEWAYS")
	}
}
