package config

import (
	"fmt"
	"io"
	"net/url"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/shard"
)

// Config is a checked configuration. Every value is valid, and a key that was not
// set has the default of the table in settings.go.
type Config struct {
	General       General
	MQTT          MQTT
	HomeAssistant HomeAssistant
	HTTP          HTTP
	Compat        Compat
	Enlighten     Enlighten
	Gateways      []Gateway // sorted by section, so that ENVOY is the first; at least one
	Totals        []Total   // sorted by section
	File          string    // path of the file that was read; "" if there is none
	Warnings      []string  // valid values that are probably mistakes, to be logged at the start
}

// OwnGateways returns the gateways that belong to this process: those of its shard,
// or all without a fleet.
func (c Config) OwnGateways() []Gateway {
	return slices.DeleteFunc(slices.Clone(c.Gateways), func(g Gateway) bool { return !c.General.Shard.Owns(g.Section) })
}

// ShardOf returns the number of the shard that the gateway of a section belongs to, 0
// without a fleet.
func (c Config) ShardOf(section string) int { return shard.Of(section, c.General.Shard.Count) }

// General is the section [GENERAL].
type General struct {
	LogLevel  string      // debug, info, warn or error
	LogFormat string      // text or json
	StateDir  string      // folder for files that must survive a restart; it need not exist
	Shard     shard.Shard // of the fleet that the process is a part of; use [Config.OwnGateways]
}

// MQTT is the section [MQTT]: the broker and how to connect to it.
type MQTT struct {
	URL       *url.URL // scheme mqtt, tcp, mqtts, tls, ssl, ws or wss; without user info
	Username  string
	Password  Secret
	Topic     string // first levels of all topics
	ClientID  string // "": generated and stored in STATE_DIR
	CAFile    string // path of PEM certificates; "": the system's roots
	CertFile  string // path of the PEM client certificate, set together with KeyFile
	KeyFile   string // path of its PEM private key
	VerifySSL bool
	// Supervisor is the access token of Home Assistant's Supervisor, which
	// returns the broker's address. It is set if the program runs as a Home
	// Assistant app and URL is not configured.
	Supervisor Secret
}

// HTTP is the section [HTTP]: metrics, health and the page.
type HTTP struct {
	Listen   string // host:port, or :port for all addresses; "": off
	Page     bool
	Password Secret   // required for changes on the page; "": it is read-only
	Hosts    []string // names of this machine in the Host header, in lower case
	CORS     []string // origins that may read the API
	Ingress  bool     // the program is a Home Assistant app: ingress serves the page
}

// Discovery is how devices and entities are announced to Home Assistant.
type Discovery string

// The forms of discovery.
const (
	NoDiscovery       Discovery = ""
	DiscoveryByDevice Discovery = "device" // one document for each device
	DiscoveryByEntity Discovery = "entity" // one document for each entity
)

// HomeAssistant is the section [HOMEASSISTANT].
type HomeAssistant struct {
	Discovery Discovery
	Prefix    string        // first levels of the discovery topics
	Interval  time.Duration // minimum time between two publications of a retained value
}

// Compat is the section [COMPAT].
type Compat struct {
	Profiles []string // names of schema.Profiles, without duplicates
}

// Enlighten is the section [ENLIGHTEN]: the addresses of Enphase's cloud.
type Enlighten struct {
	LoginURL string // https
	TokenURL string // https
	FormURL  string // https; of the login form that gives an installer's token
}

// Gateway is a section [ENVOY] or [ENVOY_<name>].
type Gateway struct {
	Section         string // name of the section, in upper case
	Host            string // host or host:port as in a URL, a URL with http or https and no path, or locate.Auto
	Serial          string // "": reported by the gateway
	DeviceName      string // in Home Assistant; "": "Envoy <serial>"
	Source          envoy.Source
	EstimateStorage bool   // estimate the energies of batteries that have no CT
	Fingerprint     string // SHA-256 of the gateway's certificate, 64 lower-case hex digits; "": not pinned
	Username        string
	Token           Secret // as configured, not parsed
	Password        Secret
	VerifySSL       bool
	Interval        time.Duration // from start to start of two polls; 0: the default of the source
	Timeout         time.Duration // of one request including its body
	StaleAfter      time.Duration // without a valid sample, until the gateway is offline
	Multiplier      []float64     // one factor for all phases, or one for each of up to three; never 0
	Offset          []float64     // W, added after Multiplier; one or up to three as above
	FailSafe        *float64      // W, published as grid power when data becomes stale; nil: off
	Limit           bool          // MQTT commands may limit the power of the gateway
	LimitForever    bool          // also without an end
}

// Total is a section [TOTAL] or [TOTAL_<name>].
type Total struct {
	Section    string   // name of the section, in upper case
	DeviceName string   // in Home Assistant; "": the default of the bridge
	Gateways   []string // sections of the gateways that are added, without duplicates
	GridFrom   string   // section of the one that measures the grid; "": none does
}

// A Secret is a password or a token. All printers, loggers and encoders show that
// there is a value, but not the value. Only Reveal returns it.
type Secret string

// Reveal returns the value.
func (s Secret) Reveal() string { return string(s) }

// String returns "(hidden)", or "" if there is no value.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "(hidden)"
}

// GoString implements [fmt.GoStringer].
func (s Secret) GoString() string { return fmt.Sprintf("%q", s.String()) }

// Format implements [fmt.Formatter], because %x and %d would show a string.
func (s Secret) Format(f fmt.State, verb rune) {
	if f.Flag('#') && verb == 'v' {
		_, _ = io.WriteString(f, s.GoString())
		return
	}
	_, _ = io.WriteString(f, s.String())
}

// MarshalText implements [encoding.TextMarshaler].
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON implements [json.Marshaler].
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(s.GoString()), nil }
