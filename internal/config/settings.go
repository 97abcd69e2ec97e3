package config

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
	"github.com/envoy-mqtt/envoy-mqtt/internal/shard"
)

// A setting is one configuration key. The table settings defines all keys; the
// loader, the hints for unknown keys and config.ini.example use it.
type setting struct {
	section string // ENVOY stands for the section of each gateway
	key     string
	def     string                     // default, as in config.ini; "": none
	about   string                     // comment in config.ini.example
	set     func(target, string) error // parses and stores the value; nil: ignored
}

// A target is where values are stored. Gateway is nil outside the gateways'
// sections, and Total outside those of totals.
type target struct {
	*Config
	*Gateway
	*Total
	host string // name of this machine
}

var settings = []setting{
	{
		"GENERAL", "LOG_LEVEL", "info", "How much is logged: debug, info, warn or error.",
		into(func(t target) *string { return &t.General.LogLevel }, ParseLogLevel),
	},
	{
		"GENERAL", "LOG_FORMAT", "text", "The format of the log: text or json.",
		into(func(t target) *string { return &t.General.LogFormat }, ParseLogFormat),
	},
	{
		"GENERAL", "STATE_DIR", "", "Folder for tokens and the client id (default: $STATE_DIRECTORY, else ~/.local/state/envoy-mqtt).",
		into(func(t target) *string { return &t.General.StateDir }, asText),
	},
	{
		"GENERAL", "SHARD", "", "For a fleet of processes that share STATE_DIR and this file: which one this is, and how many there are, e.g. 2/5, or auto/5 in a StatefulSet.",
		func(t target, text string) (err error) { t.General.Shard, err = shard.Parse(text, t.host); return err },
	},

	{
		"MQTT", "URL", "mqtt://localhost:1883", "The broker: mqtt://, mqtts:// (TLS), ws:// or wss:// (WebSocket), then host and port. It must speak MQTT 5.",
		into(func(t target) **url.URL { return &t.MQTT.URL }, ParseBrokerURL),
	},
	{
		"MQTT", "USERNAME", "", "The broker's user name.",
		into(func(t target) *string { return &t.MQTT.Username }, parseMQTT),
	},
	{
		"MQTT", "PASSWORD", "", "The broker's password.",
		into(func(t target) *Secret { return &t.MQTT.Password }, parseMQTTSecret),
	},
	{
		"MQTT", "TOPIC", "envoy", "The base of all topics.",
		into(func(t target) *string { return &t.MQTT.Topic }, parseTopic),
	},
	{
		"MQTT", "CLIENT_ID", "", "The client id (default: generated once and stored in STATE_DIR).",
		into(func(t target) *string { return &t.MQTT.ClientID }, parseMQTT),
	},
	{
		"MQTT", "CA_FILE", "", "Certificates (PEM) of the authorities that may sign the broker's (default: the system's).",
		into(func(t target) *string { return &t.MQTT.CAFile }, parseReadable),
	},
	{
		"MQTT", "CERT_FILE", "", "Our own certificate (PEM), where the broker asks for one.",
		into(func(t target) *string { return &t.MQTT.CertFile }, parseReadable),
	},
	{
		"MQTT", "KEY_FILE", "", "The private key (PEM) to CERT_FILE.",
		into(func(t target) *string { return &t.MQTT.KeyFile }, parseReadable),
	},
	{
		"MQTT", "VERIFY_SSL", "true", "Whether the broker's certificate is verified.",
		into(func(t target) *bool { return &t.MQTT.VerifySSL }, parseBool),
	},

	{
		"HOMEASSISTANT", "DISCOVERY", "device", "How devices and entities are announced to Home Assistant: device (one document each), entity (for openHAB, Domoticz, Home Assistant before 2024.11) or false.",
		into(func(t target) *Discovery { return &t.HomeAssistant.Discovery }, parseDiscovery),
	},
	{
		"HOMEASSISTANT", "PREFIX", "homeassistant", "Home Assistant's discovery prefix.",
		into(func(t target) *string { return &t.HomeAssistant.Prefix }, parseTopic),
	},
	{
		"HOMEASSISTANT", "INTERVAL", "10s", "The shortest time between two changes of a retained value; live is published with each reading.",
		into(func(t target) *time.Duration { return &t.HomeAssistant.Interval }, parseDuration),
	},

	{
		"HTTP", "LISTEN", "", "Where /metrics, /healthz and /readyz are served, such as 127.0.0.1:9799; off when empty. Plain HTTP, open to everyone who can reach it.",
		into(func(t target) *string { return &t.HTTP.Listen }, parseListen),
	},
	{
		"HTTP", "PAGE", "false", "Whether LISTEN also serves the page with its API; in Home Assistant's app, ingress serves it too.",
		into(func(t target) *bool { return &t.HTTP.Page }, parseBool),
	},
	{
		"HTTP", "PASSWORD", "", "Password for changes on the page: tokens, reload. Without it the page is read-only.",
		into(func(t target) *Secret { return &t.HTTP.Password }, asSecret),
	},
	{
		"HTTP", "HOSTS", "", "Names under which browsers reach the page, beside addresses, localhost and names ending in .local.",
		into(func(t target) *[]string { return &t.HTTP.Hosts }, listOf(parseHostName)),
	},
	{
		"HTTP", "CORS", "", "Web origins whose scripts may read the page's API, such as https://dashboard.example.org.",
		into(func(t target) *[]string { return &t.HTTP.CORS }, listOf(parseOrigin)),
	},

	{
		"COMPAT", "PROFILES", "", "Formats of other programs in which each reading is published too: any of " + strings.Join(schema.Profiles(), ", ") + ".",
		into(func(t target) *[]string { return &t.Compat.Profiles }, parseProfiles),
	},

	{
		"ENLIGHTEN", "LOGIN_URL", "https://enlighten.enphaseenergy.com/login/login.json", "Where to log in, if Enphase moves it.",
		into(func(t target) *string { return &t.Enlighten.LoginURL }, parseHTTPS),
	},
	{
		"ENLIGHTEN", "TOKEN_URL", "https://entrez.enphaseenergy.com/tokens", "Where to obtain tokens, if Enphase moves it.",
		into(func(t target) *string { return &t.Enlighten.TokenURL }, parseHTTPS),
	},
	{
		"ENLIGHTEN", "FORM_URL", "https://entrez.enphaseenergy.com/login", "Where to log in for an installer's token (LIMIT), if Enphase moves it.",
		into(func(t target) *string { return &t.Enlighten.FormURL }, parseHTTPS),
	},

	{
		"ENVOY", "HOST", "", "The gateway's name, address, host:port or URL, or auto: found by multicast DNS. The only required key.",
		into(func(t target) *string { return &t.Host }, ParseHost),
	},
	{
		"ENVOY", "TOKEN", "", "A token from https://entrez.enphaseenergy.com, needed only when the account cannot be used (MFA).",
		into(func(t target) *Secret { return &t.Token }, asSecret),
	},
	{
		"ENVOY", "USERNAME", "", "The Enphase account's e-mail; tokens are then obtained and renewed automatically. Firmware below 7: the gateway's own user.",
		into(func(t target) *string { return &t.Username }, asText),
	},
	{
		"ENVOY", "PASSWORD", "", "The password to USERNAME.",
		into(func(t target) *Secret { return &t.Password }, asSecret),
	},
	{
		"ENVOY", "SERIAL", "", "The gateway's serial number (default: as the gateway reports it).",
		into(func(t target) *string { return &t.Serial }, parseSerial),
	},
	{
		"ENVOY", "NAME", "", "The device's name in Home Assistant (default: Envoy and the serial).",
		into(func(t target) *string { return &t.Gateway.DeviceName }, asText),
	},
	{
		"ENVOY", "VERIFY_SSL", "false", "Whether the gateway's certificate is verified; gateways have self-signed ones, so use FINGERPRINT instead.",
		into(func(t target) *bool { return &t.VerifySSL }, parseBool),
	},
	{
		"ENVOY", "FINGERPRINT", "", "The only certificate to accept, sha256:<64 hex digits>; the log shows the gateway's.",
		into(func(t target) *string { return &t.Fingerprint }, parseFingerprint),
	},
	{
		"ENVOY", "SOURCE", "auto", "What is read: auto (meters where there is a consumption CT, else production), production, meters, livedata (opt-in: batteries), sunspec (Modbus TCP: production only).",
		into(func(t target) *envoy.Source { return &t.Source }, parseSource),
	},
	{
		"ENVOY", "ESTIMATE_STORAGE", "false", "Whether battery energies are estimated from battery power, where no CT measures them.",
		into(func(t target) *bool { return &t.EstimateStorage }, parseBool),
	},
	{
		"ENVOY", "INTERVAL", "", "How often the gateway is read (default: 1s from meters and livedata, 5s from production and sunspec); below 1s it may slow down or restart.",
		into(func(t target) *time.Duration { return &t.Interval }, parseInterval),
	},
	{
		"ENVOY", "TIMEOUT", "45s", "The longest time to wait for a response; less while the gateway responds quickly.",
		into(func(t target) *time.Duration { return &t.Timeout }, parseDuration),
	},
	{
		"ENVOY", "STALE_AFTER", "2m", "After how long without a valid reading the gateway counts as offline.",
		into(func(t target) *time.Duration { return &t.StaleAfter }, parseDuration),
	},
	{
		"ENVOY", "POWER_MULTIPLIER", "1", "Corrects the consumption CT: one factor, or one per phase (1, -1, 1 turns L2's CT).",
		into(func(t target) *[]float64 { return &t.Multiplier }, parseFactors),
	},
	{
		"ENVOY", "POWER_OFFSET", "0", "Watts added to what the consumption CT measures, after POWER_MULTIPLIER: one number for all phases together, or one per phase.",
		into(func(t target) *[]float64 { return &t.Offset }, parseOffsets),
	},
	{
		"ENVOY", "FAILSAFE", "off", "off, or the grid power in watts that is sent once under live when data goes stale. Dangerous: see docs/consumers.md.",
		into(func(t target) **float64 { return &t.FailSafe }, parseFailSafe),
	},
	{
		"ENVOY", "LIMIT", "false", "Experimental: whether MQTT commands may limit export and production. If this program never starts again, the limit stays. Read docs/limit.md first.",
		into(func(t target) *bool { return &t.Limit }, parseBool),
	},
	{
		"ENVOY", "LIMIT_FOREVER", "false", "Experimental: whether a limit may be set without an end.",
		into(func(t target) *bool { return &t.LimitForever }, parseBool),
	},
	{section: "ENVOY", key: "THROTTLE_INTERVAL"}, // a key of AstraMeter, ignored with a warning

	{
		"TOTAL", "GATEWAYS", "", "The sections of the gateways behind one grid connection that are added, e.g. ENVOY, ENVOY_GARAGE.",
		into(func(t target) *[]string { return &t.Total.Gateways }, listOf(parseSection)),
	},
	{
		"TOTAL", "GRID_FROM", "", "Which of them measures the grid (default: none, and the total has no grid and no consumption).",
		into(func(t target) *string { return &t.GridFrom }, parseSection),
	},
	{
		"TOTAL", "NAME", "", "The device's name in Home Assistant (default: Envoy total).",
		into(func(t target) *string { return &t.Total.DeviceName }, asText),
	},
}

// into returns a function that parses a value and stores it in a field of a target.
func into[T any](field func(target) *T, parse func(string) (T, error)) func(target, string) error {
	return func(t target, text string) error {
		v, err := parse(text)
		if err != nil {
			return err
		}
		*field(t) = v
		return nil
	}
}

// settingsOf returns the settings of section, none if the section is unknown.
func settingsOf(section string) []setting {
	section = kind(section)
	var found []setting
	for _, s := range settings {
		if s.section == section {
			found = append(found, s)
		}
	}
	return found
}

func isSetting(section, key string) bool {
	return slices.ContainsFunc(settingsOf(section), func(s setting) bool { return s.key == key })
}

// lookUp returns the setting that key sets. isFile is true if key is the name of
// the setting with the suffix _FILE.
func lookUp(section, key string) (known string, isFile, ok bool) {
	if isSetting(section, key) {
		return key, false, true
	}
	known, isFile = strings.CutSuffix(key, "_FILE")
	ok = isSetting(section, known)
	return known, isFile, ok && isFile
}

// kind returns ENVOY for a section ENVOY_<name>, TOTAL for TOTAL_<name>, and otherwise
// section. There may be several sections of these two kinds.
func kind(section string) string {
	for _, k := range []string{"ENVOY", "TOTAL"} {
		if name, isNamed := strings.CutPrefix(section, k+"_"); isNamed && name != "" {
			return k
		}
	}
	return section
}

// isGateway reports whether section is ENVOY or ENVOY_<name>.
func isGateway(section string) bool { return kind(section) == "ENVOY" }

// isTotal reports whether section is TOTAL or TOTAL_<name>.
func isTotal(section string) bool { return kind(section) == "TOTAL" }
