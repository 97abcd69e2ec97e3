package web

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/web/respond"
)

const (
	// heartbeatInterval is the longest pause in a stream: without it the page would find
	// out late that the program has stopped.
	heartbeatInterval = 5 * time.Second
	// minEventInterval separates two events of a stream.
	minEventInterval = 200 * time.Millisecond
	// eventTimeout is how long a client may take to read an event.
	eventTimeout = 10 * time.Second
)

// serveEvents serves readings as Server-Sent Events: the live documents, or what
// the page displays.
func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	e := eventWriter{Server: s, gateway: query.Get("gateway"), last: map[string]time.Time{}}
	next := e.liveEvents
	isUnknown := !s.isKnown(e.gateway)
	switch query.Get("view") {
	case "":
	case "page":
		next = e.pageEvent
		isUnknown = isUnknown && s.serials() == nil // it can be one that is not identified yet
	default:
		respond.Error(w, http.StatusBadRequest, "view: want page or nothing")
		return
	}
	if isUnknown {
		respond.Error(w, http.StatusNotFound, "no such gateway")
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	if r.Method == http.MethodHead {
		return
	}
	s.stream(w, r, next)
}

// stream writes what next returns, at each change and at each heartbeat, until the
// client leaves, is too slow, or must leave.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, next func(time.Time) []byte) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // that of the request would end the stream
	client := s.hub.join(time.Now())
	defer s.hub.leave(client)
	beat := time.NewTicker(heartbeatInterval)
	defer beat.Stop()
	text := append([]byte("retry: 2000\n\n"), next(time.Now())...)
	for {
		now := time.Now()
		_ = control.SetWriteDeadline(now.Add(eventTimeout))
		if _, err := w.Write(text); err != nil {
			return
		}
		if err := control.Flush(); err != nil {
			return
		}
		s.hub.received(client, now)
		select { // several gateways are read at almost the same time
		case <-time.After(minEventInterval):
		case <-client.closed:
			return
		case <-r.Context().Done():
			return
		}
		select {
		case <-client.wake:
		case <-beat.C:
		case <-client.closed:
			return
		case <-r.Context().Done():
			return
		}
		text = next(time.Now())
	}
}

// An eventWriter encodes the events of one client.
type eventWriter struct {
	*Server
	gateway string               // as in the query; empty: all, or on the page the first
	last    map[string]time.Time // of the sample that was sent, by name of the gateway
}

// liveEvents returns an event live for each gateway with a new reading, or a comment.
func (e *eventWriter) liveEvents(now time.Time) []byte {
	var text []byte
	for _, g := range e.all() {
		if e.gateway != "" && e.gateway != g.Serial && e.gateway != g.Name {
			continue
		}
		if g.isStale(now) || e.last[g.Name].Equal(g.sample.Time) {
			continue
		}
		e.last[g.Name] = g.sample.Time
		text = append(text, "event: live\ndata: "...)
		text = append(text, g.liveDocument(now)...)
		text = append(text, "\n\n"...)
	}
	if text == nil {
		return []byte(":\n\n")
	}
	return text
}

// pageEvent returns one event page: the chosen gateway, and a summary of all.
func (e *eventWriter) pageEvent(now time.Time) []byte {
	doc, err := json.Marshal(e.page(e.gateway, now))
	if err != nil {
		return []byte(":\n\n")
	}
	return append(append([]byte("event: page\ndata: "), doc...), "\n\n"...)
}
