package web

import (
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

// A login lets users start actions: those with the password, and those that Home
// Assistant has signed in.
type login struct {
	password string // empty: sign-in is off
	rules    *access.Rules
	sessions *access.Sessions
	pacer    *access.Pacer
}

// isSignedIn reports whether the request may start actions.
func (l login) isSignedIn(r *http.Request) bool {
	return l.rules.IsIngress(r) || l.password != "" && l.sessions.IsOpen(r, time.Now())
}

// isReadOnly reports whether this client cannot sign in.
func (l login) isReadOnly(r *http.Request) bool { return l.password == "" && !l.rules.IsIngress(r) }

// required refuses requests that may not start actions.
func (l login) required(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case l.isSignedIn(r):
			next(w, r)
		case l.password == "":
			respond.Error(w, http.StatusForbidden, readOnly)
		default:
			respond.Error(w, http.StatusUnauthorized, "not signed in")
		}
	}
}

func (l login) serveLogin(w http.ResponseWriter, r *http.Request) {
	var form struct {
		Password string `json:"password"`
	}
	if !readJSON(w, r, &form) {
		return
	}
	if l.password == "" {
		respond.Error(w, http.StatusForbidden, readOnly)
		return
	}
	now := time.Now()
	wait, ok := l.pacer.Attempt(r, now)
	if !ok {
		refuseLogin(w, http.StatusTooManyRequests, "too many attempts", wait)
		return
	}
	if !access.SameSecret(form.Password, l.password) {
		refuseLogin(w, http.StatusUnauthorized, "wrong password", wait)
		return
	}
	l.pacer.Succeed(r)
	l.sessions.Start(w, r, now)
	respond.JSON(w, http.StatusOK, struct{}{})
}

func refuseLogin(w http.ResponseWriter, code int, message string, wait time.Duration) {
	respond.JSON(w, code, struct {
		Error string `json:"error"`
		Wait  int    `json:"wait"` // s
	}{message, access.RetryAfter(w, wait)})
}

func (l login) serveLogout(w http.ResponseWriter, r *http.Request) {
	l.sessions.End(w, r)
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
