package bridge

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schedule"
)

// runTask returns the request of a task. Its timeout is short, so that a lost
// response does not delay samples.
func (l *loop) runTask(t *schedule.Task) request {
	timeout, read := l.responses.TaskTimeout(t), t.Request(l.session)
	return func(ctx context.Context) (handle func()) {
		ctx, cancel := context.WithTimeoutCause(ctx, timeout, taskTimeoutError(timeout))
		defer cancel()
		handleAnswer := read(ctx)
		return func() { l.onTask(t, timeout, handleAnswer) }
	}
}

// onTask handles the result of runTask.
func (l *loop) onTask(t *schedule.Task, timeout time.Duration, handleAnswer func() error) {
	now := time.Now()
	duration := now.Sub(l.requests.started)
	err := handleAnswer() // which may change the interval
	t.Reschedule(now, duration, err != nil && duration >= timeout)
	switch {
	case err == nil:
		t.Logged.Clear()
	case errors.Is(err, envoy.ErrReopen):
		l.reopen(err, t.Logged.Add(err))
	case t.Logged.Add(err):
		l.log.Debug().Err(err).Msg(t.Name + " read failed, retrying")
	}
}

// A taskTimeoutError reports that a task took longer than this.
type taskTimeoutError time.Duration

func (e taskTimeoutError) Error() string {
	return fmt.Sprintf("no complete response within %v", time.Duration(e))
}
func (taskTimeoutError) Timeout() bool { return true }
