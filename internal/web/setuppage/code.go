package setuppage

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/web/access"
)

// maxWrongCodes is the number of wrong codes after which the page is closed.
const maxWrongCodes = 20

// sessionCookie differs from that of the page: browsers share cookies between ports.
const sessionCookie = "envoy_mqtt_setup"

// A gate lets one browser pass, with a one-time code of 40 bits.
type gate struct {
	code     string // without the hyphen
	sessions access.Sessions
	pacer    access.Pacer
	// exhausted is closed at the limit of wrong codes.
	exhausted chan struct{}

	mu     sync.Mutex // guards the fields below
	isUsed bool
	wrong  int
}

// isOpen reports whether the request belongs to the browser that has entered the code.
func (g *gate) isOpen(r *http.Request) bool { return g.sessions.IsOpen(r, time.Now()) }

// enter compares a code. If it is right and was not used before, the browser's session
// begins; else it returns why not, and the status code.
func (g *gate) enter(w http.ResponseWriter, r *http.Request, text string) (refusal string, status int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.isUsed || g.wrong >= maxWrongCodes {
		return "The code is not valid any more. Start envoy-mqtt init --web again for a new one.", http.StatusForbidden
	}
	now := time.Now()
	wait, ok := g.pacer.Attempt(r, now)
	if !ok {
		return "Too many attempts." + nextAttempt(w, wait), http.StatusTooManyRequests
	}
	text = strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(text))
	if !access.SameSecret(text, g.code) {
		if g.wrong++; g.wrong == maxWrongCodes {
			close(g.exhausted)
		}
		return "Wrong code." + nextAttempt(w, wait), http.StatusUnauthorized
	}
	g.isUsed = true
	g.pacer.Succeed(r)
	g.sessions.Start(w, r, now)
	return "", 0
}

// nextAttempt says when the next attempt is possible.
func nextAttempt(w http.ResponseWriter, wait time.Duration) string {
	return fmt.Sprintf(" The next attempt is possible in %d s.", access.RetryAfter(w, wait))
}
