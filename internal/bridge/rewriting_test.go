package bridge_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// A rewriting gateway changes its answers before they are sent.
type rewriting struct {
	*envoytest.Gateway

	mu       sync.Mutex // guards what follows
	rewrites map[string]func(body []byte) []byte
}

// newRewritingRig returns a rig with a gateway whose answers can be changed.
func newRewritingRig(gw *envoytest.Gateway) (*rig, *rewriting) {
	r := newRig(gw)
	r.server.Close()
	w := &rewriting{Gateway: gw, rewrites: map[string]func([]byte) []byte{}}
	r.server = envoytest.NewServer(w)
	r.Gateways[0] = r.feed("ENVOY", r.server)
	return r, w
}

// rewrite changes the answers of path; nil stops that.
func (g *rewriting) rewrite(path string, f func(body []byte) []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rewrites[path] = f
}

// answer replaces the answers of path.
func (g *rewriting) answer(path, body string) {
	g.rewrite(path, func([]byte) []byte { return []byte(body) })
}

func (g *rewriting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rec := httptest.NewRecorder()
	g.Gateway.ServeHTTP(rec, r)
	body := rec.Body.Bytes()
	g.mu.Lock()
	f := g.rewrites[r.URL.Path]
	g.mu.Unlock()
	if f != nil && rec.Code == http.StatusOK {
		body = f(body)
	}
	for k, v := range rec.Header() {
		if k != "Content-Length" {
			w.Header()[k] = v
		}
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(body)
}

// objects calls f for each object in a JSON document, the outer before the inner.
func objects(body []byte, f func(map[string]any)) []byte {
	var doc any
	if err := json.Unmarshal(body, &doc); err != nil {
		panic(err) // the simulator's own
	}
	var visit func(any)
	visit = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				visit(e)
			}
		case map[string]any:
			f(v)
			for _, e := range v {
				visit(e)
			}
		}
	}
	visit(doc)
	changed, err := json.Marshal(doc)
	if err != nil {
		panic(err) // it has just been decoded
	}
	return changed
}
