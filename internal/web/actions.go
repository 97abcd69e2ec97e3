package web

import (
	"context"
	"net/http"
	"time"
)

// actionTimeout limits an action: a slow gateway needs a minute to try a token.
const actionTimeout = 90 * time.Second

// An actionForm is the body of an action.
type actionForm struct {
	Gateway string `json:"gateway"` // serial number or name; empty: the first gateway
	Token   string `json:"token"`
}

func (s *Server) servePasteToken(w http.ResponseWriter, r *http.Request) {
	s.act(w, r, s.Actions.PasteToken != nil, func(ctx context.Context, name, token string) error {
		return s.Actions.PasteToken(ctx, name, token)
	})
}

func (s *Server) serveRenew(w http.ResponseWriter, r *http.Request) {
	s.act(w, r, s.Actions.Renew != nil, func(ctx context.Context, name, _ string) error { return s.Actions.Renew(ctx, name) })
}

func (s *Server) serveReload(w http.ResponseWriter, r *http.Request) {
	s.act(w, r, s.Actions.Reload != nil, func(ctx context.Context, _, _ string) error { return s.Actions.Reload(ctx) })
}

// act runs an action for the gateway in the body.
func (s *Server) act(w http.ResponseWriter, r *http.Request, offered bool, run func(ctx context.Context, name, token string) error) {
	var form actionForm
	if !readJSON(w, r, &form) {
		return
	}
	g, ok := s.find(form.Gateway)
	if !ok || !offered {
		writeError(w, http.StatusNotFound, "no such gateway or action")
		return
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{})
	_ = control.SetWriteDeadline(time.Now().Add(actionTimeout + eventTimeout))
	ctx, cancel := context.WithTimeout(r.Context(), actionTimeout)
	defer cancel()
	if err := run(ctx, g.Name, form.Token); err != nil {
		writeError(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	writeJSON(w, http.StatusOK, struct{}{})
}
