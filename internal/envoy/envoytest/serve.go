package envoytest

import (
	"net/http"
	"time"
)

// ServeHTTP implements [http.Handler].
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n, f, o := g.arrive(r)
	defer g.leave()
	switch f {
	case Reset:
		resetConnection(w)
		return
	case Hang:
		<-r.Context().Done()
		return
	}
	if isData(r.URL.Path) && !pause(r.Context(), latency(g, r.URL.Path)) {
		return
	}
	send(w, r, f, respond(g, n, r, f, o))
}

// arrive enters a request, and returns its number and the fault that it meets.
func (g *Gateway) arrive(r *http.Request) (n int, f Fault, o *outage) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f, o = locked{g}.strike(r.URL.Path)
	var struck Fault
	if o != nil {
		struck = o.fault
	}
	return g.journal.arrive(r, struck, journalSize(g)), f, o
}

func (g *Gateway) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.journal.inFlight--
}

// latency returns how long the gateway takes to answer.
func latency(g *Gateway, path string) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if d, own := g.Latencies[path]; own {
		return d
	}
	return g.Latency
}

// pages are the answers of the simulated gateway, beside those that need no
// login. The path of a page that some firmware lacks is answered by the page.
var pages = map[string]func(locked, *http.Request) answer{
	"/production.json":                productionJSONPage,
	"/production":                     productionPage,
	"/api/v1/production":              apiProductionPage,
	"/api/v1/production/inverters":    apiInvertersPage,
	"/ivp/ensemble/inventory":         ensemblePage,
	"/ivp/ensemble/power":             batteryPowerPage,
	"/ivp/ensemble/secctrl":           batteryTotalsPage,
	"/ivp/meters":                     metersPage,
	"/ivp/meters/readings":            readingsPage,
	"/ivp/meters/reports":             reportsPage,
	"/ivp/meters/reports/":            reportsPage,
	"/ivp/meters/reports/consumption": consumptionReportPage,
	"/ivp/meters/reports/production":  productionReportPage,
	"/ivp/pdm/device_data":            deviceDataPage,
	"/ivp/livedata/status":            livedataPage,
	"/ivp/livedata/stream":            streamPage,
	limitPath:                         limitPage,
	switchPath:                        switchPage,
}

// HasPage reports whether the simulated gateway answers a path.
func HasPage(path string) bool { return path == "/info" || pages[path] != nil }

// respond decides what request n gets.
func respond(g *Gateway, n int, r *http.Request, f Fault, o *outage) answer {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := locked{g}
	a := corrupted(l, f, o, r, healthyAnswer(l, r))
	a.dress(l.version())
	g.journal.note(n, a)
	return a
}

// healthyAnswer is the answer of a healthy gateway.
func healthyAnswer(g locked, r *http.Request) answer {
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
		a = capturedPage(g, r)
	case path == "/info", path == "/info.xml":
		a = infoPage(g)
	case !isData(path):
		a = homePage(g, r)
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
