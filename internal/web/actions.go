package web

import (
	"context"
	"net/http"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/web/respond"
)

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
