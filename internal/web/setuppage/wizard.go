package setuppage

import (
	"context"
	"sync"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/setup"
)

// A Wizard goes through the steps of an installation. The exported fields are set
// before the first call.
type Wizard struct {
	Draft *setup.Draft
	// Discover finds the gateways on this network.
	Discover func(context.Context) ([]setup.Found, error)

	ctx     context.Context // of the steps
	written chan struct{}   // closed when the file is written

	mu        sync.Mutex // held while a step runs; guards the fields below and Draft
	current   position
	isAgreed  bool // that a file with a mistake is replaced
	discovery *discovery
	way       string              // to a token: account or token
	offer     *setup.BrokerResult // a broker with TLS to choose, or without an authority
	outcome
	reached setup.ReachedGateway // by the latest attempt; to be displayed
	access  string               // how it was obtained; to be displayed
}

// An outcome is how the latest step ended.
type outcome struct {
	failure string // empty: the step succeeded
	note    string
	canKeep bool // the answers can be kept although the step failed
}

// stepTimeout limits a step: two logins and a slow gateway.
const stepTimeout = 3 * time.Minute

// A position is a step.
type position int

const (
	gatewayStep position = iota
	accessStep
	brokerStep
	writeStep
	doneStep
)

// positions are the steps that a user can return to.
var positions = map[string]position{"gateway": gatewayStep, "access": accessStep, "broker": brokerStep}

// A discovery is a search for gateways.
type discovery struct {
	done  chan struct{} // closed when found and err are set
	found []setup.Found
	err   error
}

// begin starts to search. ctx ends all steps.
func (w *Wizard) begin(ctx context.Context) {
	w.ctx, w.written = ctx, make(chan struct{})
	w.discover()
}

// discover starts to search. The caller holds w.mu, or calls before the first step.
func (w *Wizard) discover() {
	d := &discovery{done: make(chan struct{})}
	w.discovery = d
	go func() {
		defer close(d.done)
		d.found, d.err = w.Discover(w.ctx)
	}()
}

// A stepFunc tries the answers of a form.
type stepFunc func(context.Context, answers)

// run runs a step with the answers of a form, unless one is running.
func (w *Wizard) run(step stepFunc, form answers) {
	if !w.mu.TryLock() {
		return
	}
	defer w.mu.Unlock()
	if w.current == doneStep {
		return
	}
	ctx, cancel := context.WithTimeout(w.ctx, stepTimeout)
	defer cancel()
	w.outcome = outcome{}
	step(ctx, form)
}

// isWritten waits until no step runs, and reports whether the file is written.
func (w *Wizard) isWritten() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.current == doneStep
}

// fail shows the present step again, with what went wrong.
func (w *Wizard) fail(at position, text string, canKeep bool) {
	w.current, w.failure, w.canKeep = at, text, canKeep
}

// keep keeps the answers of the step that failed.
func (w *Wizard) keep(context.Context, answers) {
	d := w.Draft
	switch w.current {
	case gatewayStep:
		d.KeepGateway()
	case accessStep:
		w.access = "not verified"
		d.KeepAccess()
	case brokerStep:
		d.KeepBroker()
		w.offer = nil
	default:
		return
	}
	w.current++
}
