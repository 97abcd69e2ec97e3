package bridge

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestAgenda: tasks keep their own pace and rest after slow answers, and
// between two of them there is always a reading that is due.
func TestAgenda(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := envoytest.NewServer(&envoytest.Gateway{Latency: 50 * time.Millisecond})
		defer srv.Close()
		client := &envoy.Client{Host: srv.URL, Tokens: envoy.StaticToken("t"), Dial: srv.Dial}
		defer client.CloseIdle()
		h := newHouse(&Bridge{Feeds: []Feed{{Client: client, Interval: time.Second}}, Log: zerolog.Nop()})
		g := h.gateways[0]
		asked := map[string][]time.Duration{}
		start := time.Now()
		ask := func(name string, took time.Duration, err error) func(context.Context, *envoy.Session) error {
			return func(context.Context, *envoy.Session) error {
				asked[name] = append(asked[name], time.Since(start).Round(time.Second))
				time.Sleep(took)
				return err
			}
		}
		g.agenda = agenda{
			{name: "slow", every: time.Minute, ask: ask("slow", 8*time.Second, nil)},
			{name: "quick", every: time.Minute, ask: ask("quick", 20*time.Millisecond, errors.New("503"))},
		}
		ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
		defer cancel()
		g.start(ctx, start)
		<-ctx.Done()
		g.end()
		if n := len(asked["slow"]); n != 3 { // at 0, and two minutes after the answer
			t.Errorf("the slow task was asked at %v, want 3 times", asked["slow"])
		}
		if n := len(asked["quick"]); n < 5 || n > 6 {
			t.Errorf("the quick task was asked at %v, want every minute", asked["quick"])
		}
		if n := srv.Handshakes(); n > 1 {
			t.Errorf("%d handshakes", n)
		}
	})
}

// TestFirstReading: a gateway that waits for its first reading is not stale yet.
func TestFirstReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(&Bridge{Feeds: []Feed{{Serial: "122200000001", Client: &envoy.Client{Host: "127.0.0.1:1"}, StaleAfter: 3 * time.Second}}, Log: zerolog.Nop()})
		g := h.gateways[0]
		ctx, cancel := context.WithCancel(t.Context())
		g.start(ctx, time.Now().Add(5*time.Second))
		time.Sleep(4 * time.Second)
		synctest.Wait()
		if h.board.stands(h.topics.Availability("122200000001")) {
			t.Error("its availability was told before it was read")
		}
		cancel()
		g.end()
	})
}

// TestAgendaNext: what has been due the longest comes first.
func TestAgendaNext(t *testing.T) {
	now := time.Now()
	a := &task{name: "a", due: now.Add(-time.Second)}
	b := &task{name: "b", due: now.Add(-time.Minute)}
	c := &task{name: "c", due: now.Add(time.Minute)}
	for _, row := range []struct {
		agenda agenda
		want   *task
		due    time.Time
	}{
		{nil, nil, time.Time{}},
		{agenda{a, b, c}, b, b.due},
		{agenda{c}, nil, c.due},
	} {
		if got, due := row.agenda.next(now); got != row.want || !due.Equal(row.due) {
			t.Errorf("next(%v) = %v, %v, want %v, %v", row.agenda, got, due, row.want, row.due)
		}
	}
}

func TestAnswerTimes(t *testing.T) {
	var a answerTimes
	for i := range 300 {
		a.note("/production.json", time.Duration(i)*time.Millisecond, nil)
		a.note("/ivp/meters", time.Hour, errors.New("timeout"))
	}
	got := a.info()
	if len(got) != 2 || got["production_json_median"] != "235" || got["production_json_p99"] != "298" {
		t.Errorf("info = %v, want median and 99th percentile of the last %d answers", got, enough)
	}
}
