package web

import (
	"net/http"

	"github.com/envoy-mqtt/envoy-mqtt/internal/web/access"
)

// A Server holds the latest readings and serves them. All methods are safe for
// concurrent use. The exported fields are set before the first call.
type Server struct {
	Access   access.Rules
	Password string  // required for actions; empty: sign-in is off
	History  History // nil: nothing is kept
	Actions  Actions
	// Info returns what only the program knows; nil: nothing.
	Info     func() Info
	Problems *Problems // nil: none are displayed
	Version  string

	store    // the latest readings
	cache    energiesCache
	sessions access.Sessions
	pacer    access.Pacer
}

// Handler returns the handler of the page and its API. It is for all paths; the
// page also works below a prefix that a reverse proxy strips. Fields that are changed
// afterwards have no effect.
func (s *Server) Handler() http.Handler {
	rules := s.Access
	rules.Refuse = func(w http.ResponseWriter, code int) {
		writeError(w, code, "this host name is not allowed; add it to HOSTS under [HTTP]")
	}
	s.sessions.Cookie = sessionCookie
	signIn := login{s.Password, &rules, &s.sessions, &s.pacer}
	values := s.values()
	history := historyAPI{&s.store, s.History}
	status := statusAPI{&s.store, s.History, s.Info, s.Problems, s.Version, s.Actions.names(), signIn}
	actions := actionAPI{&s.store, s.Actions}

	large := make(queue, maxLarge)

	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", values.serveIndex)
	mux.HandleFunc("GET /{file...}", ServeFile)
	mux.HandleFunc("GET /api/", func(w http.ResponseWriter, _ *http.Request) { writeError(w, http.StatusNotFound, "no such path") })
	for path, h := range map[string]http.HandlerFunc{
		"live":      s.serveLive,
		"events":    values.serveEvents,
		"history":   large.wait(history.serveHistory),
		"inverters": large.wait(history.serveInverters),
		"status":    status.serveStatus,
	} {
		mux.Handle("GET /api/"+path, rules.AllowOrigins(h))
	}
	mux.HandleFunc("POST /api/login", signIn.serveLogin)
	mux.HandleFunc("POST /api/logout", signIn.serveLogout)
	mux.Handle("POST /api/token", signIn.required(actions.servePasteToken))
	mux.Handle("POST /api/renew", signIn.required(actions.serveRenew))
	mux.Handle("POST /api/reload", signIn.required(actions.serveReload))
	return rules.Protect(mux)
}

// values returns what the page displays.
func (s *Server) values() values { return values{&s.store, s.History, &s.cache, s.Version} }
