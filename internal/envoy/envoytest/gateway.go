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
	"net/http"
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

	// RedirectTo is the base URL of the Redirect fault; default https://localhost.
	RedirectTo string

	Start time.Time // the house's clock at the first request; zero means now
	Speed float64   // how fast the house's clock runs; 0 means 1

	mu       sync.Mutex // guards everything, the fields above included
	house    register
	required map[string]bool // nil: every token that Accept takes
	sessions map[string]time.Time
	nonce    string
	outage   *outage
	stream   livestream
	journal  journal
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

// ServeHTTP implements [http.Handler].
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := g.arrive(r)
	defer g.leave()
	f, o := g.strike(n, r.URL.Path)
	switch f {
	case Reset:
		reset(w)
		return
	case Hang:
		<-r.Context().Done()
		return
	}
	if isData(r.URL.Path) && !g.think(r) {
		return
	}
	send(w, r, f, g.answer(n, r, f, o))
}

// think waits for the Latency, and reports whether the client did too.
func (g *Gateway) think(r *http.Request) bool {
	g.mu.Lock()
	d, own := g.Latencies[r.URL.Path]
	if !own {
		d = g.Latency
	}
	g.mu.Unlock()
	return pause(r.Context(), d)
}

// pages are the answers of the simulated gateway, beside those that need no
// login. The path of a page that some firmware lacks is answered by the page.
var pages = map[string]func(*Gateway, *http.Request) answer{
	"/production.json":                (*Gateway).productionJSON,
	"/production":                     (*Gateway).productionPage,
	"/api/v1/production":              (*Gateway).apiProduction,
	"/api/v1/production/inverters":    (*Gateway).apiInverters,
	"/ivp/ensemble/inventory":         (*Gateway).ensemble,
	"/ivp/ensemble/power":             (*Gateway).batteryPower,
	"/ivp/ensemble/secctrl":           (*Gateway).batteryTotals,
	"/ivp/meters":                     (*Gateway).meters,
	"/ivp/meters/readings":            (*Gateway).readings,
	"/ivp/meters/reports":             (*Gateway).reports,
	"/ivp/meters/reports/":            (*Gateway).reports,
	"/ivp/meters/reports/consumption": (*Gateway).consumptionReport,
	"/ivp/meters/reports/production":  (*Gateway).productionReport,
	"/ivp/pdm/device_data":            (*Gateway).deviceData,
	"/ivp/livedata/status":            (*Gateway).livedata,
	"/ivp/livedata/stream":            (*Gateway).startStream,
	limitPath:                         (*Gateway).powerLimit,
	switchPath:                        (*Gateway).powerSwitch,
}

// isData says whether a path is behind the login: not the pages that tell what
// the gateway is, nor the login itself.
func isData(path string) bool {
	switch path {
	case "/", "/info", "/info.xml", "/home", "/home.json", checkJWT:
		return false
	}
	return true
}

// answer decides what request n gets.
func (g *Gateway) answer(n int, r *http.Request, f Fault, o *outage) answer {
	g.mu.Lock()
	defer g.mu.Unlock()
	a := g.corrupt(f, o, r, g.page(r))
	a.dress(g.version())
	g.note(n, a)
	return a
}

// page is the answer of a healthy gateway.
func (g *Gateway) page(r *http.Request) answer {
	path := r.URL.Path
	if path == checkJWT {
		return g.checkJWT(r)
	}
	ok, cookie := true, ""
	if isData(path) {
		ok, cookie = g.admits(r)
	}
	if !ok {
		return g.unauthorized()
	}
	var a answer
	switch {
	case g.Capture != "":
		a = g.captured(r)
	case path == "/info", path == "/info.xml":
		a = g.info()
	case !isData(path):
		a = g.home(r)
	default:
		a = g.missing(path)
		if p := pages[path]; p != nil {
			a = p(g, r)
		}
	}
	if cookie != "" {
		a.set("Set-Cookie", cookie)
	}
	return a
}
