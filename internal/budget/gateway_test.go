//go:build budget && linux

package budget_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// The pages that readings come from.
const (
	productionPath = "/production.json"
	readingsPath   = "/ivp/meters/readings"
)

// bodies are a day's beginning as a three-phase gateway tells it on its pages,
// every five seconds from noon on. They are rendered before anything is
// measured, so that the gateway answers at once.
var bodies = sync.OnceValue(func() map[string][][]byte {
	all := map[string][][]byte{}
	gw := &envoytest.Gateway{Phases: 3, Start: time.Date(2026, 6, 21, 12, 0, 0, 0, time.UTC)}
	for range 4000 {
		for _, path := range []string{productionPath, readingsPath} {
			r := httptest.NewRequest(http.MethodGet, path+"?details=1", nil)
			r.Header.Set("Authorization", "Bearer any")
			w := httptest.NewRecorder()
			gw.ServeHTTP(w, r)
			all[path] = append(all[path], w.Body.Bytes())
		}
		time.Sleep(5 * time.Second)
	}
	return all
})

// render fills bodies, at once in a bubble's time.
func render(t *testing.T) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 6, 21, 12, 0, 0, 0, time.UTC)))
		bodies()
	})
}

// An instant is a simulated gateway that needs no time to measure.
type instant struct {
	*envoytest.Gateway // answers all but the readings
	server             *envoytest.Server
	next               atomic.Int64
	answered           atomic.Int64 // when the last reading was on its way, in ns
}

func newInstant(t *testing.T, number int) *instant {
	t.Helper()
	g := &instant{Gateway: &envoytest.Gateway{Serial: strconv.Itoa(122012300000 + number), Phases: 3, Remember: 1}}
	g.server = envoytest.NewTLSServer(g)
	t.Cleanup(g.server.Close)
	return g
}

// ServeHTTP implements [http.Handler].
func (g *instant) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	all := bodies()[r.URL.Path]
	if all == nil {
		g.Gateway.ServeHTTP(w, r)
		return
	}
	body := all[int(g.next.Add(1))%len(all)]
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // a client that has left is not waited for
	_ = http.NewResponseController(w).Flush()
	g.answered.Store(time.Now().UnixNano())
}

// restart begins the day again, for a client that knows nothing of an earlier one.
func (g *instant) restart() { g.next.Store(0) }

func (g *instant) token() string {
	return enlightentest.Sign(enlightentest.Claims{Serial: g.Serial})
}

// section is the gateway's in config.ini.
func (g *instant) section(name string, interval time.Duration) string {
	return fmt.Sprintf("[%s]\nHOST = %s\nINTERVAL = %v\n", name, g.server.URL, interval)
}

func (g *instant) liveTopic() string { return "envoy/" + g.Serial + "/live" }
