//go:build faults

package faults_test

import (
	"flag"
	"math/rand/v2"
	"os"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

var (
	soakSeed = flag.Uint64("seed", 0, "the seed of the soak; 0 draws one")
	soakFor  = flag.Duration("soak", 24*time.Hour, "how long the soak is, in virtual time")
)

// TestSoak is a day at one reading a second with a fault a minute, drawn from
// a seed that is printed: every live document is still one answer of the
// gateway, and memory, goroutines and descriptors do not grow.
func TestSoak(t *testing.T) {
	seed := *soakSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed %d: go test -tags faults ./internal/faults -run TestSoak -seed %[1]d -soak %v", seed, *soakFor)
	synctest.Test(t, func(t *testing.T) {
		draw := rand.New(rand.NewPCG(seed, 0))
		b := newBubble(envoy.AutoSource, time.Second, 10*time.Second)
		b.gateway.Remember = 20_000
		sum, counters := verdict{}, map[string]string{}
		counts := map[string]int{}
		b.start(t)
		time.Sleep(time.Minute)
		var first, last footprint // after the first hour and after the last
		for start := time.Now(); time.Since(start) < *soakFor; {
			hour := time.Now()
			for time.Since(hour) < time.Hour {
				minute := time.Now()
				counts[b.disturb(draw)]++
				time.Sleep(time.Until(minute.Add(time.Minute)))
			}
			// An hour is judged and forgotten, or the test itself would grow.
			r := b.recording()
			r.messages = between(r.messages, hour, time.Now())
			r.slack, r.late = time.Minute, len(r.messages) // slow answers are good ones; the order is what counts
			r.last = counters
			v := r.judge()
			counters = r.last
			sum.live, sum.unsaid = sum.live+v.live, sum.unsaid+v.unsaid
			sum.wrong = append(sum.wrong, v.wrong...)
			if last = b.forget(t); first == (footprint{}) {
				first = last
			}
		}
		b.broker.Thaw()
		time.Sleep(5 * time.Minute)
		for topic, want := range map[string]string{"envoy/bridge/state": "online", "envoy/" + serial + "/availability": "online"} {
			if got, _ := b.broker.Retained(topic); got != want {
				t.Errorf("%s = %q after it all, want %s", topic, got, want)
			}
		}
		b.stop(t)
		for _, w := range sum.wrong {
			t.Error(w)
		}
		t.Logf("%v: %d live documents, %d good answers without one, faults %v", *soakFor, sum.live, sum.unsaid, counts)
		t.Logf("after the first hour:   %+v", first)
		t.Logf("at the end:             %+v", last)
		if sum.live < int(soakFor.Seconds())/3 {
			t.Errorf("%d live documents, want a third of the seconds at least", sum.live)
		}
		if last.heap > first.heap+4<<20 || last.goroutines > first.goroutines+10 || last.descriptors > first.descriptors {
			t.Error("something grows")
		}
	})
}

// disturb draws one fault and begins it; it ends by itself or with the next.
func (b *bubble) disturb(draw *rand.Rand) string {
	b.server.Refuse(false)
	b.broker.Thaw()
	b.broker.Refuse(0)
	b.broker.Deny("#", 0)
	lasts := time.Duration(1+draw.IntN(50)) * time.Second
	faults := envoytest.All
	switch n := draw.IntN(len(faults) + 8); n {
	default:
		b.gateway.FaultFor(faults[n-8], lasts)
		return string(faults[n-8])
	case 0:
		b.broker.Drop()
		return "broker: dropped"
	case 1:
		b.broker.Freeze()
		time.Sleep(lasts)
		b.broker.Thaw()
		return "broker: frozen"
	case 2:
		b.broker.Forget()
		return "broker: forgot"
	case 3:
		b.broker.Refuse(0x88)
		b.broker.Drop()
		time.Sleep(lasts)
		b.broker.Refuse(0)
		return "broker: refuses"
	case 4:
		b.broker.Deny("#", 0x97)
		time.Sleep(lasts)
		b.broker.Deny("#", 0)
		return "broker: quota"
	case 5:
		b.server.Refuse(true)
		time.Sleep(lasts)
		b.server.Refuse(false)
		return "gateway: gone"
	case 6:
		b.gateway.ExpireSessions()
		return "gateway: sessions lost"
	case 7:
		for range 20 {
			b.broker.Publish("homeassistant/status", "online", false)
			time.Sleep(lasts / 20)
		}
		return "births"
	}
}

// forget makes the test forget all but what it needs to go on, and measures.
func (b *bubble) forget(t *testing.T) footprint {
	t.Helper()
	b.gateway.Clear()
	b.gateway.Change(func(g *envoytest.Gateway) { g.Remember = 1 })
	time.Sleep(2 * time.Minute)
	b.broker.Discard()
	b.log.Reset()
	f := measure(t)
	b.gateway.Change(func(g *envoytest.Gateway) { g.Remember = 20_000 })
	time.Sleep(time.Minute)
	return f
}

func between(messages []message, from, to time.Time) (some []message) {
	for _, m := range messages {
		if !m.at.Before(from) && m.at.Before(to) {
			some = append(some, m)
		}
	}
	return some
}

// A footprint is what the process uses.
type footprint struct {
	heap                    uint64 // bytes after a collection
	goroutines, descriptors int
}

func measure(t *testing.T) footprint {
	t.Helper()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return footprint{m.HeapAlloc, runtime.NumGoroutine(), len(open)}
}
