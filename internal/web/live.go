package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// serveLive serves the live document of a gateway, with its age.
func (s *store) serveLive(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("gateway") == allGateways {
		s.serveSum(w)
		return
	}
	g, ok := s.find(r.URL.Query().Get("gateway"))
	if !ok {
		writeError(w, http.StatusNotFound, "no such gateway")
		return
	}
	now := time.Now()
	if !g.isStale(now) {
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Cache-Control", "no-store")
		_, _ = w.Write(g.liveDocument(now))
		return
	}
	doc := struct {
		Error  string  `json:"error"`
		Serial string  `json:"serial,omitempty"`
		Age    *number `json:"age,omitempty"`
	}{Error: "no reading yet", Serial: g.Serial}
	if g.sample != nil {
		doc.Error, doc.Age = "the latest reading is too old", new(seconds(now.Sub(g.sample.Time)))
	}
	w.Header().Set("Retry-After", "5")
	writeJSON(w, http.StatusServiceUnavailable, doc)
}

// liveDocument returns the document that is published below live, with serial
// number and age in s.
func (g *gateway) liveDocument(now time.Time) []byte {
	doc := schema.LiveDocument(*g.sample)
	doc = append(doc[:len(doc)-1], `,"serial":`...)
	doc = strconv.AppendQuote(doc, g.Serial)
	doc = append(doc, `,"age":`...)
	doc = schema.AppendNumber(doc, now.Sub(g.sample.Time).Seconds(), 3)
	return append(doc, '}')
}
