package web

import (
	"net/http"

	"github.com/envoy-mqtt/envoy-mqtt/internal/web/respond"
)

// Handler returns the handler of the page and its API. It is for all paths; the
// page also works below a prefix that a reverse proxy strips. It is called once.
func (s *Server) Handler() http.Handler {
	s.Access.Refuse = func(w http.ResponseWriter, code int) {
		respond.Error(w, code, "this host name is not allowed; add it to HOSTS under [HTTP]")
	}
	s.sessions.Cookie = sessionCookie
	large := respond.NewQueue()

	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.serveIndex)
	mux.HandleFunc("GET /{file...}", ServeFile)
	mux.HandleFunc("GET /api/", func(w http.ResponseWriter, _ *http.Request) { respond.Error(w, http.StatusNotFound, "no such path") })
	for path, h := range map[string]http.HandlerFunc{
		"live":      s.serveLive,
		"events":    s.serveEvents,
		"history":   large.Wait(s.serveHistory),
		"inverters": large.Wait(s.serveInverters),
		"status":    s.serveStatus,
	} {
		mux.Handle("GET /api/"+path, s.Access.AllowOrigins(h))
	}
	mux.HandleFunc("POST /api/login", s.serveLogin)
	mux.HandleFunc("POST /api/logout", s.serveLogout)
	for _, name := range []string{"token", "renew", "reload"} {
		mux.HandleFunc("POST /api/"+name, s.requireSignIn(s.serveAction(s.Actions[name])))
	}
	return s.Access.Protect(mux)
}
