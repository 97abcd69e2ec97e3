package web

import (
	"context"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/history"
)

// A History returns what was measured in the past. Its methods are called
// concurrently, and return zero values for a serial number that they do not know.
type History interface {
	// Power returns the series of [from, to) in at most points steps.
	Power(serial string, from, to time.Time, points int) history.Plot
	// Days returns the energies of the days from from to to, in order. Days without
	// data are left out; today counts until now.
	Days(serial string, from, to history.Date) []history.Day
	// Inverters returns the reports of the inverters of a day.
	Inverters(serial string, day history.Date) history.InverterDay
	// Peak returns the highest power of the last 31 days in W, 0 if it is unknown.
	Peak(serial string) float64
	// DiskSize returns the size of the files in bytes.
	DiskSize() int64
}

// Actions are what a signed-in user can start. An action that is nil is not
// offered. gateway is the name of a [GatewayState]. Errors are displayed, and
// contain no secret.
type Actions struct {
	PasteToken func(ctx context.Context, gateway, token string) error
	Renew      func(ctx context.Context, gateway string) error
	Reload     func(ctx context.Context) error
}

// Access limits who may use the page.
type Access struct {
	Password   string     // required for actions; empty: nobody can sign in
	Hosts      []string   // names in the Host header, beside addresses, localhost and *.local
	Origins    []string   // origins that may read the API in a browser (CORS); "*" is not special
	Supervisor netip.Addr // peer whose requests are Home Assistant's ingress; the zero Addr: no ingress
}

// A Server holds the latest readings and serves them. All methods are safe for
// concurrent use. The exported fields are set before the first call.
type Server struct {
	Access  Access
	History History // nil: nothing is kept
	Actions Actions
	// Info returns what only the program knows; nil: nothing.
	Info     func() Info
	Problems *Problems // nil: none are displayed
	Version  string

	login login
	hub   hub

	mu       sync.Mutex // guards gateways and what they point to
	gateways []*gateway // in the order of the first call that named them
}

// Handler returns the handler of the page and its API. It is for all paths; the
// page also works below a prefix that a reverse proxy strips.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.serveIndex)
	mux.HandleFunc("GET /{file...}", serveFile)
	mux.HandleFunc("GET /api/", func(w http.ResponseWriter, _ *http.Request) { writeError(w, http.StatusNotFound, "no such path") })
	for path, h := range map[string]http.HandlerFunc{
		"live":      s.serveLive,
		"events":    s.serveEvents,
		"history":   s.serveHistory,
		"inverters": s.serveInverters,
		"status":    s.serveStatus,
	} {
		mux.Handle("GET /api/"+path, s.allowOrigins(h))
	}
	mux.HandleFunc("POST /api/login", s.serveLogin)
	mux.HandleFunc("POST /api/logout", s.serveLogout)
	mux.Handle("POST /api/token", s.signedIn(s.servePasteToken))
	mux.Handle("POST /api/renew", s.signedIn(s.serveRenew))
	mux.Handle("POST /api/reload", s.signedIn(s.serveReload))
	return s.secure(mux)
}
