//go:build faults

package faults_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// TestLimitKills: kill -9 at every step of a command. Whenever it strikes, the next
// start restores what was before.
func TestLimitKills(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	var mu sync.Mutex
	steps, writes := map[string]int{}, 0
	var moments []time.Duration
	for m := 900 * time.Millisecond; m < 5*time.Second; m += 100 * time.Millisecond {
		moments = append(moments, m) // collect, read, store, write, read back
	}
	for m := 13200 * time.Millisecond; m < 18*time.Second; m += 150 * time.Millisecond {
		moments = append(moments, m) // the end: read, store, write, read back, remove
	}
	t.Run("moments", func(t *testing.T) {
		for i, moment := range moments {
			t.Run(moment.String(), func(t *testing.T) {
				t.Parallel()
				r := newLimitRig(t, b)
				r.gateway.Latencies = map[string]time.Duration{"/ivp/ss/dpel": 200 * time.Millisecond, "/ivp/mod/603980032/mode/power": 200 * time.Millisecond}
				r.begin()
				payload := `{"export":100,"for":"12s"}`
				if i%4 == 3 {
					payload = `{"production_off":true,"for":"12s"}`
				}
				r.send(payload)
				time.Sleep(moment)
				r.kill()
				r.NoteWrites()
				step := fmt.Sprintf("%d writes", r.Writes)
				if r.journal() != "" {
					step += ", with a journal"
				}
				r.begin()
				r.awaitLimited(false, 25*time.Second)
				time.Sleep(6 * time.Second)
				r.NoteWrites()
				if n := r.Writes; n > 3 {
					t.Errorf("%d writes", n)
				}
				r.term()
				if r.isLimited() {
					t.Error("there is still a limit")
				}
				r.Check(t)
				mu.Lock()
				defer mu.Unlock()
				steps[step]++
				writes += r.Writes
			})
		}
	})
	var sum []string
	for _, step := range slices.Sorted(maps.Keys(steps)) {
		sum = append(sum, fmt.Sprintf("%d after %s", steps[step], step))
	}
	t.Logf("%d kills: %s; %d writes", len(moments), strings.Join(sum, "; "), writes)
	tell("SIGKILL at every step of a limit", fmt.Sprintf("%d kills, %d writes, each for a cause", len(moments), writes), "state before restored", "power limit")
}

// TestLimitClock: a clock that was set, as the journal shows it, delays nothing.
func TestLimitClock(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	for _, off := range []time.Duration{48 * time.Hour, -48 * time.Hour} {
		t.Run(off.String(), func(t *testing.T) {
			t.Parallel()
			r := newLimitedRig(t, b, `{"export":100,"for":"1h"}`)
			r.kill()
			shifted := stamp.ReplaceAllStringFunc(r.journal(), func(s string) string {
				at, err := time.Parse(`"`+time.RFC3339Nano+`"`, s)
				if err != nil {
					t.Fatal(err)
				}
				return at.Add(off).Format(`"` + time.RFC3339Nano + `"`)
			})
			if shifted == r.journal() {
				t.Errorf("no time in %s", shifted)
			}
			proctest.WriteFile(t, filepath.Join(r.state(), r.serial+".limit.json"), shifted)
			r.begin()
			r.awaitLimited(false, 25*time.Second)
			r.term()
			r.Check(t)
		})
	}
	tell("SIGKILL with a limit, clock set by two days", "-", "state before restored", "power limit")
}
