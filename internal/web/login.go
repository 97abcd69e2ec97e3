package web

import (
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/web/access"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web/respond"
)

// sessionCookie is the name of the cookie of a session.
const sessionCookie = "envoy_mqtt"

// readOnly is the error of a page without a password.
const readOnly = "read-only; set PASSWORD under [HTTP]"

// isSignedIn reports whether the request may start actions: users with the password
// may, and those that Home Assistant has signed in.
func (s *Server) isSignedIn(r *http.Request) bool {
	return s.Access.IsIngress(r) || s.Password != "" && s.sessions.IsOpen(r, time.Now())
}

// isReadOnly reports whether this client cannot sign in.
func (s *Server) isReadOnly(r *http.Request) bool { return s.Password == "" && !s.Access.IsIngress(r) }

// requireSignIn refuses requests that may not start actions.
func (s *Server) requireSignIn(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case s.isSignedIn(r):
			next(w, r)
		case s.Password == "":
			respond.Error(w, http.StatusForbidden, readOnly)
		default:
			respond.Error(w, http.StatusUnauthorized, "not signed in")
		}
	}
}

func (s *Server) serveLogin(w http.ResponseWriter, r *http.Request) {
	var form struct {
		Password string `json:"password"`
	}
	if !readJSON(w, r, &form) {
		return
	}
	if s.Password == "" {
		respond.Error(w, http.StatusForbidden, readOnly)
		return
	}
	now := time.Now()
	wait, ok := s.pacer.Attempt(r, now)
	if !ok {
		refuseLogin(w, http.StatusTooManyRequests, "too many attempts", wait)
		return
	}
	if !access.SameSecret(form.Password, s.Password) {
		refuseLogin(w, http.StatusUnauthorized, "wrong password", wait)
		return
	}
	s.pacer.Succeed(r)
	s.sessions.Start(w, r, now)
	respond.JSON(w, http.StatusOK, struct{}{})
}

func refuseLogin(w http.ResponseWriter, code int, message string, wait time.Duration) {
	respond.JSON(w, code, struct {
		Error string `json:"error"`
		Wait  int    `json:"wait"` // s
	}{message, access.RetryAfter(w, wait)})
}

func (s *Server) serveLogout(w http.ResponseWriter, r *http.Request) {
	s.sessions.End(w, r)
	respond.JSON(w, http.StatusOK, struct{}{})
}

// readJSON decodes the body into v. If it cannot, it writes the response and
// returns false. Only application/json is accepted, which no form can send.
func readJSON(w http.ResponseWriter, r *http.Request, v any) bool {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		respond.Error(w, http.StatusUnsupportedMediaType, "want Content-Type: application/json")
		return false
	}
	err := json.NewDecoder(r.Body).Decode(v)
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		respond.Error(w, http.StatusRequestEntityTooLarge, "body too large")
		return false
	}
	if err != nil { // whose text may contain the input
		respond.Error(w, http.StatusBadRequest, "want a JSON object")
		return false
	}
	return true
}

// An Action is what a signed-in user can start. gateway is the name of a
// [bridge.GatewayState]; token is what the user has pasted, if anything. Errors are
// displayed, and contain no secret.
type Action func(ctx context.Context, gateway, token string) error

// actionTimeout limits an action: a slow gateway needs a minute to try a token.
const actionTimeout = 90 * time.Second

// serveAction returns the handler of an action, which is nil if it is not offered.
func (s *store) serveAction(run Action) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var form struct {
			Gateway string `json:"gateway"` // serial number or name; empty: the first gateway
			Token   string `json:"token"`
		}
		if !readJSON(w, r, &form) {
			return
		}
		g, ok := s.find(form.Gateway)
		if !ok || run == nil {
			respond.Error(w, http.StatusNotFound, "no such gateway or action")
			return
		}
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Time{})
		_ = control.SetWriteDeadline(time.Now().Add(actionTimeout + 10*time.Second))
		ctx, cancel := context.WithTimeout(r.Context(), actionTimeout)
		defer cancel()
		if err := run(ctx, g.Name, form.Token); err != nil {
			respond.Error(w, http.StatusUnprocessableEntity, err.Error())
			return
		}
		respond.JSON(w, http.StatusOK, struct{}{})
	}
}
