package bridge

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schedule"
)

// startTask starts the request of a task. Its timeout is short, so that a lost
// response does not delay samples.
func (l *loop) startTask(ctx context.Context, t *schedule.Task) {
	session, timeout, read := l.session, l.responses.TaskTimeout(t), t.Prepare()
	readTask := func(ctx context.Context) (handle func() error, err error) {
		ctx, cancel := context.WithTimeoutCause(ctx, timeout, taskTimeoutError(timeout))
		defer cancel()
		return read(ctx, session)
	}
	startRequest(ctx, &l.requests, readTask, func(handle func() error, err error) {
		now := time.Now()
		duration := now.Sub(l.requests.started)
		isTimeout := err != nil && duration >= timeout
		err = handle() // which may change the interval
		t.Reschedule(now, duration, isTimeout)
		switch {
		case err == nil:
			t.Logged.Clear()
		case errors.Is(err, envoy.ErrReopen):
			l.reopen(err, t.Logged.Add(err))
		case t.Logged.Add(err):
			l.log.Debug().Err(err).Msg(t.Name + " read failed, retrying")
		}
	})
}

// A taskTimeoutError reports that a task took longer than this.
type taskTimeoutError time.Duration

func (e taskTimeoutError) Error() string {
	return fmt.Sprintf("no complete response within %v", time.Duration(e))
}
func (taskTimeoutError) Timeout() bool { return true }
