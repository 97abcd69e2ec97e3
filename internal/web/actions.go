package web

import (
	"context"
	"net/http"
	"slices"
	"time"
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

// An actionAPI serves the actions.
type actionAPI struct {
	*store
	Actions
}

// An actionForm is the body of an action.
type actionForm struct {
	Gateway string `json:"gateway"` // serial number or name; empty: the first gateway
	Token   string `json:"token"`
}

func (a actionAPI) servePasteToken(w http.ResponseWriter, r *http.Request) {
	a.act(w, r, a.PasteToken != nil, func(ctx context.Context, f actionForm) error { return a.PasteToken(ctx, f.Gateway, f.Token) })
}

func (a actionAPI) serveRenew(w http.ResponseWriter, r *http.Request) {
	a.act(w, r, a.Renew != nil, func(ctx context.Context, f actionForm) error { return a.Renew(ctx, f.Gateway) })
}

func (a actionAPI) serveReload(w http.ResponseWriter, r *http.Request) {
	a.act(w, r, a.Reload != nil, func(ctx context.Context, _ actionForm) error { return a.Reload(ctx) })
}

// act runs an action for the gateway in the body, which run gets by its name.
func (a actionAPI) act(w http.ResponseWriter, r *http.Request, offered bool, run func(context.Context, actionForm) error) {
	var form actionForm
	if !readJSON(w, r, &form) {
		return
	}
	g, ok := a.find(form.Gateway)
	if !ok || !offered {
		writeError(w, http.StatusNotFound, "no such gateway or action")
		return
	}
	form.Gateway = g.Name
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{})
	_ = control.SetWriteDeadline(time.Now().Add(actionTimeout + eventTimeout))
	ctx, cancel := context.WithTimeout(r.Context(), actionTimeout)
	defer cancel()
	if err := run(ctx, form); err != nil {
		writeError(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	writeJSON(w, http.StatusOK, struct{}{})
}

// names returns the names of the actions that are offered.
func (a Actions) names() []string {
	names := []string{}
	for name, offered := range map[string]bool{"token": a.PasteToken != nil, "renew": a.Renew != nil, "reload": a.Reload != nil} {
		if offered {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
