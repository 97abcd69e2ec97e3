//go:build budget && linux

package budget_test

import (
	"os/exec"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

const (
	pause    = 100 * time.Millisecond // from reading to reading
	warmUp   = 20                     // readings of a turn that are not counted
	readings = 80                     // that are, if not -short
)

// turns is how often each program is measured, in turn.
func turns() int {
	if testing.Short() {
		return 3
	}
	return 5
}

// A cost is what one program needed for a reading, medians of a turn.
type cost struct{ latency, cpu time.Duration }

// TestReading measures how long a reading takes from the gateway's complete
// answer to a subscriber, and what it costs, in ratio to the bare loop.
//
// The bridge runs twice. "usual": retained values follow every second reading,
// as with INTERVAL 5 s and 10 s for Home Assistant. "all": with every reading,
// some eighty messages where the bare loop sends one.
func TestReading(t *testing.T) {
	render(t)
	broker := startMosquitto(t)
	for _, from := range []struct{ source, page string }{
		{"production", productionPath + "?details=1"},
		{"auto", readingsPath}, // what it comes to
	} {
		t.Run(from.source, func(t *testing.T) { compareReadings(t, broker, from.source, from.page) })
	}
}

func compareReadings(t *testing.T, broker, source, page string) {
	g := newInstant(t, 1)
	got := subscribe(t, broker, g.liveTopic(), "bare/live")
	section := g.section("ENVOY", pause) + "SOURCE = " + source + "\n"
	usual := configure(t, broker, "[HOMEASSISTANT]\nINTERVAL = 200ms\n"+section)
	all := configure(t, broker, "[HOMEASSISTANT]\nINTERVAL = 1ms\n"+section)
	usual.keepToken(t, g)
	all.keepToken(t, g)
	programs := map[string]func() *exec.Cmd{
		"usual": usual.command,
		"all":   all.command,
		"bare": func() *exec.Cmd {
			return exec.Command(proctest.Binary("bareloop"), "-gateway", g.server.URL, "-path", page, "-broker", broker, "-interval", pause.String())
		},
	}

	costs := map[string][]cost{}
	for range turns() {
		for _, name := range []string{"bare", "usual", "all"} {
			costs[name] = append(costs[name], turn(t, start(t, programs[name]()), g, got))
		}
	}
	latency := func(c cost) time.Duration { return c.latency }
	cpu := func(c cost) time.Duration { return c.cpu }
	for _, name := range []string{"bare", "usual", "all"} {
		t.Logf("%s: answer to subscriber %v, cpu %v a reading", name, median(each(costs[name], latency)), median(each(costs[name], cpu)))
	}
	within(t, source+": latency, usual", ratio(costs["usual"], costs["bare"], latency), 1.7, "x bare loop")
	within(t, source+": latency, all", ratio(costs["all"], costs["bare"], latency), 1.7, "x bare loop")
	within(t, source+": cpu per reading, usual", ratio(costs["usual"], costs["bare"], cpu), 2, "x bare loop")
	within(t, source+": cpu per reading, all", ratio(costs["all"], costs["bare"], cpu), 2, "x bare loop")
}

// turn lets p read for a while, alone, and stops it.
func turn(t *testing.T, p *process, g *instant, got <-chan arrival) cost {
	t.Helper()
	g.restart()
	for range warmUp {
		next(t, got)
	}
	var latencies []time.Duration
	before := p.cpu()
	n := int(shorter(readings*pause) / pause)
	for range n {
		a := next(t, got)
		latencies = append(latencies, time.Duration(a.at.UnixNano()-g.answered.Load()))
	}
	used := p.cpu() - before
	p.stop()
	for len(got) > 0 {
		<-got
	}
	return cost{median(latencies), used / time.Duration(n)}
}

func each(costs []cost, f func(cost) time.Duration) []time.Duration {
	var ds []time.Duration
	for _, c := range costs {
		ds = append(ds, f(c))
	}
	return ds
}

// ratio is the median of the turns' ratios.
func ratio(ours, bare []cost, f func(cost) time.Duration) float64 {
	var rs []float64
	for i := range ours {
		rs = append(rs, float64(f(ours[i]))/float64(f(bare[i])))
	}
	return median(rs)
}
