package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web/respond"
)

// serveLive serves the live document of a gateway, with its age.
func (s *store) serveLive(w http.ResponseWriter, r *http.Request) {
	key := r.URL.Query().Get("gateway")
	if key == allGateways {
		s.serveSum(w)
		return
	}
	g, ok := s.find(key)
	if !ok {
		respond.Error(w, http.StatusNotFound, "no such gateway")
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
		Error  string          `json:"error"`
		Serial string          `json:"serial,omitempty"`
		Age    *respond.Number `json:"age,omitempty"`
	}{Error: "no reading yet", Serial: g.Serial}
	if g.sample != nil {
		doc.Error, doc.Age = "the latest reading is too old", new(respond.Seconds(now.Sub(g.sample.Time)))
	}
	w.Header().Set("Retry-After", "5")
	respond.JSON(w, http.StatusServiceUnavailable, doc)
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

// serveSum serves the production of all gateways together, if all are fresh.
func (s *store) serveSum(w http.ResponseWriter) {
	doc, err := sumProduction(s.withoutTotals(), time.Now())
	if err != nil {
		w.Header().Set("Retry-After", "5")
		respond.Error(w, http.StatusServiceUnavailable, "no sum: "+err.Error())
		return
	}
	respond.JSON(w, http.StatusOK, doc)
}

// A sumDocument is the response of api/live for all gateways.
type sumDocument struct {
	Time       time.Time `json:"ts"` // of the oldest reading
	Production struct {
		Power respond.Number `json:"power"` // W
	} `json:"production"`
	Serials []string       `json:"serials"`
	Age     respond.Number `json:"age"` // of the oldest reading, s
}

// sumProduction returns the production of all gateways together. The error says which
// one has no current reading of it.
func sumProduction(all []gateway, now time.Time) (sumDocument, error) {
	var doc sumDocument
	if len(all) == 0 {
		return doc, errors.New("no gateway")
	}
	for _, g := range all {
		if g.isStale(now) {
			return doc, errors.New("no current reading of " + g.Name)
		}
		w := power(g.sample, envoy.Production)
		if w == nil {
			return doc, errors.New("production is not measured by " + g.Name)
		}
		if slices.Contains(doc.Serials, g.Serial) { // two sections can name one gateway
			continue
		}
		doc.Production.Power += *w
		doc.Serials = append(doc.Serials, g.Serial)
		if doc.Time.IsZero() || g.sample.Time.Before(doc.Time) {
			doc.Time, doc.Age = g.sample.Time, respond.Seconds(now.Sub(g.sample.Time))
		}
	}
	return doc, nil
}
