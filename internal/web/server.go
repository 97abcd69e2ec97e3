package web

import (
	"maps"
	"net/http"
	"slices"

	"github.com/envoy-mqtt/envoy-mqtt/internal/web/access"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web/respond"
)

// A Server holds the latest readings and serves them. All methods are safe for
// concurrent use. The exported fields are set before the first call; History, Info
// and Problems must not be nil.
type Server struct {
	Access   access.Rules
	Password string // required for actions; empty: sign-in is off
	History  History
	Actions  map[string]Action // by the actions' paths below api: token, renew, reload
	Info     func() Info       // returns what only the program knows
	Problems *Problems
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
		respond.Error(w, code, "this host name is not allowed; add it to HOSTS under [HTTP]")
	}
	s.sessions.Cookie = sessionCookie
	signIn := login{s.Password, &rules, &s.sessions, &s.pacer}
	page := s.pageAPI()
	history := historyAPI{&s.store, s.History}
	actions := slices.AppendSeq([]string{}, maps.Keys(s.Actions))
	slices.Sort(actions)
	status := statusAPI{&s.store, s.History, s.Info, s.Problems, s.Version, actions, signIn}

	large := respond.NewQueue()

	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", page.serveIndex)
	mux.HandleFunc("GET /{file...}", ServeFile)
	mux.HandleFunc("GET /api/", func(w http.ResponseWriter, _ *http.Request) { respond.Error(w, http.StatusNotFound, "no such path") })
	for path, h := range map[string]http.HandlerFunc{
		"live":      s.serveLive,
		"events":    page.serveEvents,
		"history":   large.Wait(history.serveHistory),
		"inverters": large.Wait(history.serveInverters),
		"status":    status.serveStatus,
	} {
		mux.Handle("GET /api/"+path, rules.AllowOrigins(h))
	}
	mux.HandleFunc("POST /api/login", signIn.serveLogin)
	mux.HandleFunc("POST /api/logout", signIn.serveLogout)
	for _, name := range []string{"token", "renew", "reload"} {
		mux.HandleFunc("POST /api/"+name, signIn.required(s.serveAction(s.Actions[name])))
	}
	return rules.Protect(mux)
}

func (s *Server) pageAPI() pageAPI { return pageAPI{&s.store, s.History, &s.cache, s.Version} }
