//go:build budget && linux

package budget_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// TestFleet measures one process with a thousand gateways, each with a port
// and a certificate of its own, at the usual pace, and with the environment that
// docs/fleet.md recommends for a fleet.
func TestFleet(t *testing.T) {
	const (
		fleet    = 1000
		interval = 5 * time.Second
	)
	watch := shorter(time.Minute)
	render(t)
	broker := startMosquitto(t)
	gateways := make([]*instant, fleet)
	var sections strings.Builder
	for i := range gateways {
		gateways[i] = newInstant(t, i)
		sections.WriteString(gateways[i].section(fmt.Sprintf("ENVOY_%04d", i), interval))
	}
	s := configure(t, broker, sections.String())
	for _, g := range gateways {
		s.keepToken(t, g)
	}
	got := subscribe(t, broker, "envoy/+/live", "envoy/+/availability", "envoy/bridge/gateway_errors", "envoy/bridge/broker_errors")

	began := time.Now()
	p := start(t, proctest.Command(string(s), "GOGC=10"))
	seen := map[string]int{}
	for len(seen) < fleet {
		if a := next(t, got); strings.HasSuffix(a.topic, "/live") {
			seen[a.topic]++
		}
	}
	t.Logf("all %d gateways read after %v", fleet, time.Since(began).Round(time.Millisecond))
	collect(got, 2*interval)

	clear(seen)
	before := p.cpu()
	trouble := 0
	for _, a := range collect(got, watch) {
		switch {
		case strings.HasSuffix(a.topic, "/live"):
			seen[a.topic]++
		case a.payload != "online" && a.payload != "0":
			trouble++
		}
	}
	used := p.cpu() - before
	missing := 0
	for _, g := range gateways {
		missing += max(0, int(watch/interval)-1-seen[g.liveTopic()]) // the last may be on its way
	}
	handshakes := 0
	for _, g := range gateways {
		handshakes += g.server.Handshakes()
	}
	expected := fleet * (int(watch/interval) - 1)
	t.Run("cost", func(t *testing.T) { // which is the program's alone, see .ci/budgets
		within(t, "1,000 gateways: cpu", 100*used.Seconds()/watch.Seconds(), 30, "% of a core")
		within(t, "1,000 gateways: peak resident memory (VmHWM)", p.memory("VmHWM")*1.048576, 180, "MB")
	})
	atMost(t, "1,000 gateways: readings late or missing", 100*float64(missing)/float64(expected), 1, 0, "%")
	counted(t, "1,000 gateways: failures", trouble, 0, "reported")
	// After the first, one an hour and gateway.
	counted(t, "1,000 gateways: TLS handshakes", handshakes, fleet+int(fleet*time.Since(began).Hours()), "in the whole run")
}

// collect returns what comes within d.
func collect(got <-chan arrival, d time.Duration) []arrival {
	var all []arrival
	end := time.After(d)
	for {
		select {
		case a := <-got:
			all = append(all, a)
		case <-end:
			return all
		}
	}
}
