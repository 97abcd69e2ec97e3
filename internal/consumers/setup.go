package consumers

import (
	"cmp"
	"net"
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// A Broker is where consumers connect to.
type Broker struct {
	Host     string
	Port     string
	Address  string // both, as in a URL
	TLS      bool
	Username string // of the bridge, "" where the broker asks for none
	CAFile   string

	websocket bool // the bridge uses its WebSocket; Port is a guess
}

// A Setup is what the templates are filled with.
type Setup struct {
	Broker
	Base       string // of the gateway's topics, such as envoy/122200000001
	State      string // the bridge's own state
	Serial     string
	Phases     []int         // 1, 2, 3 or 1, 2; none where there is one phase
	Interval   time.Duration // between two messages
	MaxAge     int           // in seconds, of a reading that may still be acted on
	Timeout    time.Duration // after which there surely is something wrong
	StaleAfter time.Duration
	FailSafe   bool           // [ENVOY] FAILSAFE is set
	Known      bool           // whether Measured is known
	Measured   state.Measured // as check or read found it
	Profile    bool           // [COMPAT] PROFILES names the one that this consumer needs

	profiles []string // of [COMPAT]
}

// unknownSerial stands where no serial number is known.
const unknownSerial = "SERIAL"

// unknownSerialLine is then the first line. It is invalid in every format, so that
// the other program reports an error instead of waiting for topics that do not
// exist.
const unknownSerialLine = "@@@ UNKNOWN SERIAL NUMBER. Run envoy-mqtt check, then print this again. @@@\n"

// NewSetup returns the setup for the consumers of one gateway, from the
// configuration and what was seen of the gateway. phases is 0 if they are not given.
func NewSetup(cfg config.Config, g config.Gateway, seen *state.GatewayStore, phases int) Setup {
	s := Setup{
		Broker: newBroker(cfg.MQTT),
		Serial: cmp.Or(seen.Serial(g.Section), g.Serial, unknownSerial), // the one that answered, whatever is configured
		State:  schema.Topics{Base: cfg.MQTT.Topic, Shard: cfg.ShardOf(g.Section)}.BridgeState(), profiles: cfg.Compat.Profiles,
		Interval: g.Interval, MaxAge: max(15, int(2*g.Interval/time.Second)+5), Timeout: max(30*time.Second, 3*g.Interval), StaleAfter: g.StaleAfter,
	}
	s.Base = cfg.MQTT.Topic + "/" + s.Serial
	s.FailSafe = g.FailSafe != nil
	s.Measured, s.Known = seen.Measured(s.Serial)
	phases = cmp.Or(phases, seen.Phases(s.Serial), 3)
	for n := 1; n <= phases && phases > 1; n++ {
		s.Phases = append(s.Phases, n)
	}
	return s
}

// newBroker returns the broker of the bridge, at the usual port if none is set.
func newBroker(m config.MQTT) Broker {
	b := Broker{Host: m.URL.Hostname(), Port: m.URL.Port(), Username: m.Username, CAFile: m.CAFile}
	switch m.URL.Scheme {
	case "mqtts", "tls", "ssl":
		b.TLS = true
	case "ws", "wss":
		b.TLS, b.websocket, b.Port = m.URL.Scheme == "wss", true, ""
	}
	usual := "1883"
	if b.TLS {
		usual = "8883"
	}
	b.Port = cmp.Or(b.Port, usual)
	b.Address = net.JoinHostPort(b.Host, b.Port)
	return b
}

// Notes say what has to be looked at in the output.
func (s Setup) Notes() (notes []string) {
	if s.Serial == unknownSerial {
		notes = append(notes, "the gateway's serial number is not known yet, and the first line is an error on purpose: run envoy-mqtt check, then this again; or set SERIAL")
	}
	if s.Host == "localhost" || strings.HasPrefix(s.Host, "127.") || s.Host == "::1" {
		notes = append(notes, s.Host+" is the broker for programs on its own machine only")
	}
	if s.websocket {
		notes = append(notes, "the bridge uses the broker's WebSocket; most programs need its MQTT port, and "+s.Port+" is a guess")
	}
	return notes
}
