// Package envoytest simulates an Enphase IQ Gateway ("Envoy"): its pages, its
// login, its sun and household, and everything that goes wrong with it. Tests
// read from it, and so does the program's demo.
//
// A [Gateway] is an [http.Handler] and knows nothing of sockets; a [Server]
// gives it pipes in memory, or a port of the loopback interface. What it
// answers follows the firmware that it claims to run, as captures of real
// gateways show it. It does not import the package that it serves to test.
package envoytest

import (
	"sync"
	"time"
)

// A Gateway answers as a gateway does. Its zero value is a metered single-phase
// gateway of firmware D8.3.5167 that takes any bearer token. Fields are set
// before the first request, or inside [Gateway.Change]; all methods are safe for
// concurrent use.
type Gateway struct {
	Serial     string // default 122012345678
	Replaces   string // serial number of the gateway that this one replaces: it has the same devices
	Firmware   string // with its letter; default D8.3.5167, or what the capture's /info says
	PartNumber string // default as the hardware

	Standard   bool                // hardware without meters (imeter false): inverters only
	CTs        CTs                 // which current transformers are enabled
	Flags      map[string][]string // what /ivp/meters finds wrong, by measurementType
	LoadOnly   bool                // the consumption CT is around the load: total-consumption instead of net
	Phases     int                 // 1 to 3; 0 means 1
	Split      bool                // split phase as in the US: two legs of 120 V; Phases is not looked at
	ThreeLines bool                // the new meter stack: always three lines, the unused all zero
	Inverters  int                 // number of microinverters; 0 means 12
	Wraps      int                 // of the microinverters' registers: their sums lack 2^32 J for each
	Gone       int                 // microinverters that were taken away and that device_data remembers
	Batteries  int                 // IQ Batteries, with a system controller
	ACBs       int                 // AC Batteries
	StorageCT  bool                // a CT measures the IQ Batteries
	// TurnedReadings gives the readings of the consumption CT the other sign, as
	// a gateway would whose two sources disagree.
	TurnedReadings bool

	// PowerLimit is the part that limits the power; nil for firmware without it.
	PowerLimit *PowerLimiter

	// Restarts has the gateway restart at 23:00 by our clock: for 90 s it does not
	// answer as it should.
	Restarts bool

	Latency time.Duration // before the answer to a request for data
	// Latencies are those of single paths, in place of Latency.
	Latencies map[string]time.Duration
	Remember  int // how many requests Requests returns at most; 0 means 1000

	// Capture is a folder with bodies of a real gateway, which are served as
	// they are instead of simulated ones. Fresh moves their readingTime to now.
	Capture string
	Fresh   bool

	// Accept says whether a token is good; nil takes any. It is called with
	// the gateway locked and must not call back.
	Accept func(token string) bool
	// RequireCookie refuses a bearer token without a session, as early 7.x does.
	RequireCookie bool
	// Digest is asked for by firmware below 7. The zero Digest leaves the data
	// open, but for the inverters, as those gateways are delivered.
	Digest Digest

	Start time.Time // the house's clock at the first request; zero means now
	Speed float64   // how fast the house's clock runs; 0 means 1

	mu       sync.Mutex // guards everything, the fields above included
	house    register
	required map[string]bool // nil: every token that Accept takes
	sessions sessions
	outage   *outage
	stream   livestream
	journal  journal
}

// A livestream is the state of the live data.
type livestream struct {
	until time.Time // when the refreshing ends
	held  *Reading  // what is reported after that
}

// CTs says which current transformers are installed and enabled.
type CTs int

// The installations that are found in the field.
const (
	BothCTs       CTs = iota // production and consumption
	ProductionCT             // production alone
	ConsumptionCT            // consumption alone
	NoCTs                    // metered hardware, nothing clamped: noise
)

// Change changes fields while the gateway runs, as new firmware or an
// electrician does. It must not call the gateway's methods.
func (g *Gateway) Change(f func(g *Gateway)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f(g)
}
