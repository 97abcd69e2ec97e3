package web

import (
	"context"
	"net/http"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/web/respond"
)

// Actions are what a signed-in user can start. An action that is nil is not
// offered. gateway is the name of a [GatewayState]. Errors are displayed, and
// contain no secret.
type Actions struct {
	PasteToken func(ctx context.Context, gateway, token string) error
	Renew      func(ctx context.Context, gateway string) error
	Reload     func(ctx context.Context) error
}

// actionTimeout limits an action: a slow gateway needs a minute to try a token.
const actionTimeout = 90 * time.Second

// An action runs with a form whose gateway is the name.
type action func(context.Context, actionForm) error

// An actionForm is the body of an action.
type actionForm struct {
	Gateway string `json:"gateway"` // serial number or name; empty: the first gateway
	Token   string `json:"token"`
}

// byName returns the actions that are offered, by their paths below api.
func (a Actions) byName() map[string]action {
	offered := map[string]action{}
	if a.PasteToken != nil {
		offered["token"] = func(ctx context.Context, f actionForm) error { return a.PasteToken(ctx, f.Gateway, f.Token) }
	}
	if a.Renew != nil {
		offered["renew"] = func(ctx context.Context, f actionForm) error { return a.Renew(ctx, f.Gateway) }
	}
	if a.Reload != nil {
		offered["reload"] = func(ctx context.Context, _ actionForm) error { return a.Reload(ctx) }
	}
	return offered
}

// An actionAPI serves the actions.
type actionAPI struct {
	*store
	offered map[string]action
}

// serve returns the handler of the action with a name.
func (a actionAPI) serve(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var form actionForm
		if !readJSON(w, r, &form) {
			return
		}
		run, isOffered := a.offered[name]
		g, ok := a.find(form.Gateway)
		if !ok || !isOffered {
			respond.Error(w, http.StatusNotFound, "no such gateway or action")
			return
		}
		form.Gateway = g.Name
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Time{})
		_ = control.SetWriteDeadline(time.Now().Add(actionTimeout + 10*time.Second))
		ctx, cancel := context.WithTimeout(r.Context(), actionTimeout)
		defer cancel()
		if err := run(ctx, form); err != nil {
			respond.Error(w, http.StatusUnprocessableEntity, err.Error())
			return
		}
		respond.JSON(w, http.StatusOK, struct{}{})
	}
}
