package main

import (
	"net/url"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// config is what a person configured, checked and complete: every value is valid, and what was not written has its
// default from the table in settings.go.
type config struct {
	General       generalConfig
	MQTT          mqttConfig
	HomeAssistant homeAssistantConfig
	HTTP          httpConfig
	Compat        compatConfig
	Enlighten     enlightenConfig
	Gateways      []gatewayConfig // by section name, so that ENVOY is the first; never empty
	File          string          // the file that was read, "" when the environment alone was
	Warnings      []string        // what works but should be looked at; to be logged at the start
}

// generalConfig is the section [GENERAL].
type generalConfig struct {
	LogLevel  string // debug, info, warn or error
	LogFormat string // auto, console or json
	StateDir  string // "": see stateDir
}

// mqttConfig is the section [MQTT]: the broker and how to reach it.
type mqttConfig struct {
	URL       *url.URL // scheme mqtt, tcp, mqtts, tls, ssl, ws or wss; without user info
	Username  string
	Password  secret
	Topic     string // the base of all topics
	ClientID  string // "": see clientID
	CAFile    string // PEM; "": the system's roots
	CertFile  string // PEM, together with KeyFile
	KeyFile   string
	VerifySSL bool
	// Supervisor is the token of Home Assistant's Supervisor, where the program is one of its apps and no URL was
	// configured: the broker is then the one that it names.
	Supervisor secret
}

// httpConfig is the section [HTTP]: metrics and health.
type httpConfig struct {
	Listen string // host:port, or :port for every address; "": off
}

// homeAssistantConfig is the section [HOMEASSISTANT].
type homeAssistantConfig struct {
	Discovery bool
	Prefix    string
	Interval  time.Duration // shortest time between two publications of one retained value
}

// compatConfig is the section [COMPAT].
type compatConfig struct {
	Profiles []string // of those that the bridge knows, none twice
}

// enlightenConfig is the section [ENLIGHTEN]: where Enphase's cloud is.
type enlightenConfig struct {
	LoginURL string // https
	TokenURL string // https
}

// gatewayConfig is one section [ENVOY] or [ENVOY_<name>].
type gatewayConfig struct {
	Section         string // as above, in capitals
	Host            string // host or host:port as they stand in a URL, or a URL with http or https and no path
	Serial          string // "": /info tells it
	Name            string // "": "Envoy <serial>"
	Source          envoy.Source
	EstimateStorage bool   // energies of batteries without a CT
	Fingerprint     string // SHA-256 of the gateway's certificate, 64 lower-case hex digits; "": not pinned
	Username        string
	Token           secret // not parsed
	Password        secret
	VerifySSL       bool
	Interval        time.Duration // from start to start of two polls; 0 is the source's usual one
	Timeout         time.Duration // of one request with its body
	StaleAfter      time.Duration // without a good sample, until the gateway counts as offline
	Multiplier      []float64     // one for all phases or up to three; never 0
	Offset          []float64     // W, added after the multiplier; likewise
	FailSafe        *float64      // W at the grid, said when data goes stale; nil: nothing
}
