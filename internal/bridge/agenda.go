package bridge

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/problem"
)

// A task is what a gateway is asked beside its readings. A gateway suffers from
// two requests at once, so tasks and readings come one after the other, and
// readings go first: a slow answer delays them by no more than itself.
type task struct {
	name  string
	every time.Duration // from one answer to the next question
	later bool          // the first reading of a session has asked it already
	path  string        // what is asked first, see answerTimes
	ask   func(context.Context, *envoy.Session) error

	due    time.Time
	hung   int         // times in a row that no answer came in time
	logged problem.Set // since it was done last
}

// rest is how many times its own last answer a task waits at least: what the
// gateway needs 8 s for is asked every two minutes at most.
const rest = 15

// longestRest bounds how rarely a task is tried whose answers do not come: each
// attempt holds up the readings, so the pause doubles.
const longestRest = time.Hour

// An agenda is the tasks of one gateway.
type agenda []*task

// next returns the task that has been due the longest, or nil, and when the
// next will be; the zero time says never.
func (a agenda) next(now time.Time) (*task, time.Time) {
	var first *task
	for _, t := range a {
		if first == nil || t.due.Before(first.due) {
			first = t
		}
	}
	switch {
	case first == nil:
		return nil, time.Time{}
	case first.due.After(now):
		return nil, first.due
	}
	return first, first.due
}

// reset makes every task due: another session was opened.
func (a agenda) reset() {
	for _, t := range a {
		t.due, t.hung = time.Time{}, 0
		if t.later {
			t.due = time.Now().Add(t.every)
		}
	}
}

// start starts the goroutine that polls from a time on until ctx ends, and does
// the tasks of the agenda between two polls. Afterwards, end must be called.
func (g *gateway) start(ctx context.Context, first time.Time) {
	g.stale = time.AfterFunc(time.Until(first)+g.feed.StaleAfter, g.wentStale)
	g.due = first
	g.polling.Go(func() {
		next := time.NewTimer(time.Until(first))
		defer next.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-next.C:
				next.Reset(g.work(ctx))
			}
		}
	})
}

// end waits for that goroutine and saves the counters.
func (g *gateway) end() {
	g.polling.Wait()
	g.stale.Stop()
	g.saveCounters(true)
}

// work does what is due, and returns for how long there is nothing to do.
func (g *gateway) work(ctx context.Context) (wait time.Duration) {
	for ctx.Err() == nil {
		now := time.Now()
		if !now.Before(g.due) {
			g.turn(ctx)
			continue
		}
		until := g.due
		if g.session != nil && g.failures == 0 { // a gateway in trouble is asked for readings alone
			t, next := g.agenda.next(now)
			if t != nil {
				g.attend(ctx, t)
				continue
			}
			if !next.IsZero() && next.Before(until) {
				until = next
			}
		}
		return time.Until(until)
	}
	return 0
}

// turn polls once and says when the next poll is due.
func (g *gateway) turn(ctx context.Context) {
	start := time.Now()
	s, err := g.poll(ctx)
	if ctx.Err() != nil {
		return
	}
	if err == nil {
		g.noteSource()
		g.due = start.Add(max(g.pace(), 2*s.Took)) // a slow gateway is asked more rarely
		g.succeed(s, g.due)
	} else {
		g.due = g.fail(err, start)
		g.inquire(ctx)
	}
	if g.feed.Polled != nil {
		g.feed.Polled(s, err)
	}
	g.turned()
	g.tellStatus()
	g.house.count()
}

// inquire asks, when answers have been skipped for long, whether what they lack
// is there at all.
func (g *gateway) inquire(ctx context.Context) {
	if g.session == nil || g.skipping.IsZero() || time.Since(g.skipping) < g.feed.StaleAfter {
		return
	}
	g.skipping = time.Now()
	if err := g.session.Missing(ctx); errors.Is(err, envoy.ErrReopen) {
		g.once(&g.logged, zerolog.InfoLevel, err, "gateway is read anew")
		g.session = nil
	}
}

// attend does a task. What goes wrong with it is no failure of the gateway's:
// it is said once and tried again at its next time.
func (g *gateway) attend(ctx context.Context, t *task) {
	start := time.Now()
	patience := g.patience(t)
	inTime, cancel := context.WithTimeoutCause(ctx, patience, taskTimeoutError(patience))
	err := t.ask(inTime, g.session)
	cancel()
	took := time.Since(start)
	pause := max(t.every, rest*took)
	if t.hung++; err == nil || took < patience {
		t.hung = 0
	}
	t.due = time.Now().Add(max(pause, min(pause<<min(max(t.hung-1, 0), 10), longestRest)))
	switch {
	case err == nil:
		t.logged.Clear()
	case ctx.Err() != nil:
	case errors.Is(err, envoy.ErrReopen):
		g.once(&t.logged, zerolog.InfoLevel, err, "gateway is read anew")
		g.session = nil
	default:
		g.once(&t.logged, zerolog.DebugLevel, err, t.name+" not read, trying on")
	}
}

// A taskTimeoutError reports that a task took longer than this.
type taskTimeoutError time.Duration

func (e taskTimeoutError) Error() string {
	return fmt.Sprintf("no whole answer within %v", time.Duration(e))
}
func (taskTimeoutError) Timeout() bool { return true }

// maxTaskTimeout bounds a task, unless its usual answers need longer. The
// readings wait meanwhile.
const maxTaskTimeout = 10 * time.Second

// patience returns how long a task may take, so that a lost answer delays the
// readings as little as one of their own. It doubles after each timeout.
func (g *gateway) patience(t *task) time.Duration {
	_, p99, n := g.answers.figures(t.path)
	switch {
	case n > 0:
		usual := max(minTimeout, timeoutFactor*p99)
		return max(usual, min(usual<<min(t.hung, 10), maxTaskTimeout))
	case t.path == productionPath:
		return time.Minute // the client's Timeout is shorter
	}
	return maxTaskTimeout
}
