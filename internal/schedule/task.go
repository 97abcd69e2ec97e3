package schedule

import (
	"context"
	"errors"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/problem"
)

const (
	// RestFactor is how many times the duration of its last request a task
	// waits before the next: slow requests are made less often.
	RestFactor = 15
	// maxRestDelay limits the interval of a task whose requests time out. It doubles
	// with each timeout.
	maxRestDelay = time.Hour
)

// A Task is a request other than a sample.
type Task struct {
	Name      string        // in the log
	Path      string        // of its first request, for its timeout
	Interval  time.Duration // from the end of a request to the start of the next
	skipFirst bool          // the first sample of a session has already made the request
	// Request is called by the event loop. It returns the next request, which runs in a
	// goroutine of its own.
	Request func(*envoy.Session) Request

	next     time.Time   // when the task is due
	timeouts int         // in a row
	Logged   problem.Set // since the last success
}

// A Request reads from a gateway. It returns a function that handles the result, which
// the event loop calls. An error that this returns is logged, and does not count as a
// failure of the gateway: the request is made again at its next time, which is later
// after a timeout.
type Request func(context.Context) (handle func() error)

// NewTask returns a task that calls read, and handle with the result.
func NewTask[T any](name, path string, interval time.Duration, read func(*envoy.Session, context.Context) (T, error), handle func(*envoy.Session, T, error) error) *Task {
	return &Task{Name: name, Path: path, Interval: interval, Request: func(s *envoy.Session) Request {
		return func(ctx context.Context) func() error {
			v, err := read(s, ctx)
			return func() error { return handle(s, v, err) }
		}
	}}
}

// NewCheck returns a task without a result. The first sample of a session has
// made its request.
func NewCheck(name, path string, interval time.Duration, read func(*envoy.Session, context.Context) error) *Task {
	return &Task{Name: name, Path: path, Interval: interval, skipFirst: true, Request: func(s *envoy.Session) Request {
		return func(ctx context.Context) func() error {
			err := read(s, ctx)
			return func() error { return err }
		}
	}}
}

// Reschedule sets the time of the next request after one that took duration.
func (t *Task) Reschedule(now time.Time, duration time.Duration, isTimeout bool) {
	t.timeouts++
	if !isTimeout {
		t.timeouts = 0
	}
	rest := max(t.Interval, RestFactor*duration)
	if t.timeouts > 0 {
		rest = max(rest, min(rest<<min(t.timeouts-1, maxDoublings), maxRestDelay))
	}
	t.next = now.Add(rest)
}

// IgnoreUnsupported drops ErrUnsupported: the session does not request the path
// any more after three such answers.
func IgnoreUnsupported(err error) error {
	if errors.Is(err, envoy.ErrUnsupported) {
		return nil
	}
	return err
}
