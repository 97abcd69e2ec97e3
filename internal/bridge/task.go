package bridge

import (
	"context"
	"errors"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/problem"
)

const (
	// restFactor is how many times the duration of its last request a task
	// waits before the next: slow requests are made less often.
	restFactor = 15
	// maxRest limits the interval of a task whose requests time out. It doubles
	// with each timeout.
	maxRest = time.Hour
)

// A task is a request other than a sample.
type task struct {
	name      string        // in the log
	path      string        // of its first request, for its timeout
	interval  time.Duration // from the end of a request to the start of the next
	skipFirst bool          // the first sample of a session has already made the request
	// prepare is called by the event loop. It returns the request, which runs in a
	// goroutine of its own and returns a function that handles the result. The
	// loop calls that function, and logs its error.
	prepare func() request

	next     time.Time   // when the task is due
	timeouts int         // in a row
	logged   problem.Set // since the last success
}

// A request reads from a gateway. It returns a function that handles the result,
// also if there is an error, and the error of the request.
type request func(context.Context, *envoy.Session) (handle func() error, err error)

// newTask returns a task that calls read, and handle with the result. An error
// that handle returns does not count as a failure of the gateway: the request is
// made again at its next time.
func newTask[T any](name, path string, interval time.Duration, read func(*envoy.Session, context.Context) (T, error), handle func(*envoy.Session, T, error) error) *task {
	r := func(ctx context.Context, s *envoy.Session) (func() error, error) {
		v, err := read(s, ctx)
		return func() error { return handle(s, v, err) }, err
	}
	return &task{name: name, path: path, interval: interval, prepare: func() request { return r }}
}

// newCheck returns a task without a result. The first sample of a session has
// made its request.
func newCheck(name, path string, interval time.Duration, read func(*envoy.Session, context.Context) error) *task {
	t := newTask(name, path, interval,
		func(s *envoy.Session, ctx context.Context) (struct{}, error) { return struct{}{}, read(s, ctx) },
		func(_ *envoy.Session, _ struct{}, err error) error { return err })
	t.skipFirst = true
	return t
}

// reschedule sets the time of the next request after one that took duration.
func (t *task) reschedule(now time.Time, duration time.Duration, isTimeout bool) {
	t.timeouts++
	if !isTimeout {
		t.timeouts = 0
	}
	rest := max(t.interval, restFactor*duration)
	if t.timeouts > 0 {
		rest = max(rest, min(rest<<min(t.timeouts-1, 10), maxRest))
	}
	t.next = now.Add(rest)
}

// ignoreUnsupported drops ErrUnsupported: the session does not request the path
// any more after three such answers.
func ignoreUnsupported(err error) error {
	if errors.Is(err, envoy.ErrUnsupported) {
		return nil
	}
	return err
}
