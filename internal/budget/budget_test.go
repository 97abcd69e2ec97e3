//go:build budget && linux

// Package budget measures what envoy-mqtt costs: the binary as it is
// released, beside a real Mosquitto and simulated gateways over real TLS.
//
//	go test -tags budget -timeout 30m -v ./internal/budget
//
// What depends on the machine is a ratio to cmd bareloop, a process of its own
// that runs in turn with ours, and the median of several such turns, so that a
// busy machine slows both. Each test prints a line that begins with "budget"
// and fails when the figure is over the budget. On a machine that does other
// things meanwhile a budget may be given some -slack; with -short, fewer turns
// are taken. The figures that were measured stand in docs/dev/budgets.md.
package budget_test

import (
	"cmp"
	"flag"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// long is how long TestMemory reads ten times a second. 28m48s are as many
// readings as a day of the usual INTERVAL.
var long = flag.Duration("long", 0, "how long TestMemory reads; 0 means 3m, or 1m with -short")

// slack is for a machine that is busy.
var slack = flag.Float64("slack", 1, "by what factor a budget may be exceeded")

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(proctest.Main(m, "../../cmd/envoy-mqtt", "./bareloop"))
}

// within prints a figure, in unit, and fails the test when it is over the budget.
func within(t *testing.T, what string, figure, budget float64, unit string) {
	t.Helper()
	atMost(t, what, figure, budget, budget, unit)
}

// atMost is within for what a busy machine cannot always meet: the test fails
// when the figure is over what is borne.
func atMost(t *testing.T, what string, figure, borne, budget float64, unit string) {
	t.Helper()
	verdict := "met"
	if figure > budget {
		verdict = "MISSED"
	}
	if figure > borne*(*slack) {
		verdict += ", failed"
		t.Fail()
	}
	t.Logf("budget | %s | %.4g %s | <= %g %s | %s", what, figure, unit, budget, unit, verdict)
}

// counted is within for what no machine changes.
func counted(t *testing.T, what string, n, budget int, unit string) {
	t.Helper()
	verdict := "met"
	if n > budget {
		verdict = "MISSED, failed"
		t.Fail()
	}
	t.Logf("budget | %s | %d %s | <= %d %s | %s", what, n, unit, budget, unit, verdict)
}

// shorter returns d, or a part of it with -short.
func shorter(d time.Duration) time.Duration {
	if testing.Short() {
		return d / 3
	}
	return d
}

func median[T cmp.Ordered](values []T) T {
	s := slices.Sorted(slices.Values(values))
	return s[len(s)/2]
}

// TestSize: the binary is stripped as the releases are.
func TestSize(t *testing.T) {
	st, err := os.Stat(proctest.Binary("envoy-mqtt"))
	if err != nil {
		t.Fatal(err)
	}
	counted(t, "stripped binary", int(st.Size()), 18e6, "bytes")
}
