package limittest

import (
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/limit"
)

// A Recorder records what happens at a simulated gateway, by the clock.
type Recorder struct {
	Recording Recording
	Writes    int // by the program so far, also rejected ones

	gateway *envoytest.Gateway
	began   time.Time
}

// NewRecorder returns a recorder that begins now.
func NewRecorder(g *envoytest.Gateway) *Recorder { return &Recorder{gateway: g, began: time.Now()} }

// Note adds an event, which happens now, after the writes before it.
func (r *Recorder) Note(e Event) {
	r.NoteWrites()
	e.At = time.Since(r.began)
	r.Recording = append(r.Recording, e)
}

// NoteWrites adds the writes that the gateway has carried out since the latest event.
func (r *Recorder) NoteWrites() {
	for _, w := range r.gateway.LimitWrites()[r.Writes:] {
		r.Writes++
		if w.Code != 200 {
			continue
		}
		e := Event{At: w.Time.Sub(r.began), Kind: Write}
		switch {
		case w.Switch:
			e.Lever, e.Setting = limit.Switch, limit.Setting{Off: w.Off}
		case w.Enabled:
			e.Setting = limit.Setting{Active: true, Export: w.Export, Watts: w.Watts}
		}
		r.Recording = append(r.Recording, e)
		e.Kind = Changed
		r.Recording = append(r.Recording, e)
	}
}

// Check checks what was recorded.
func (r *Recorder) Check(t *testing.T) {
	t.Helper()
	r.Note(Event{Kind: "end"})
	violations := Check(r.Recording)
	for _, v := range violations {
		t.Error(v)
	}
	if len(violations) > 0 {
		for _, e := range r.Recording {
			t.Log(e)
		}
	}
}
