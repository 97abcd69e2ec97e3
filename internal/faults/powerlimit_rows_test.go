//go:build faults

package faults_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/limit"
	"github.com/envoy-mqtt/envoy-mqtt/internal/limit/limittest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// A limitRig is a rig with LIMIT, and what is recorded about it.
type limitRig struct {
	*rig
	began     time.Time
	written   int
	recording limittest.Recording
}

const limitKeys = "LIMIT = true\nLIMIT_FOREVER = true\n"

func newLimitRig(t *testing.T, b *broker) *limitRig {
	t.Helper()
	r := &limitRig{rig: newRig(t, b), began: time.Now()}
	r.gateway.PowerLimit = &envoytest.PowerLimiter{ForRole: true, Delay: time.Second}
	token := "TOKEN = " + enlightentest.Sign(enlightentest.Claims{Serial: r.serial, Role: "installer"}) + "\n"
	r.config = regexp.MustCompile(`TOKEN = .*\n`).ReplaceAllString(r.config, token) + limitKeys
	return r
}

// note adds the gateway's writes, and an event.
func (r *limitRig) note(e limittest.Event) {
	for _, w := range r.gateway.LimitWrites()[r.written:] {
		r.written++
		if w.Code != 200 {
			continue
		}
		e := limittest.Event{At: w.Time.Sub(r.began), Kind: limittest.Write, Setting: limit.Setting{Active: w.Enabled, Export: w.Enabled && w.Export}}
		if w.Enabled {
			e.Setting.Watts = w.Watts
		}
		if w.Switch {
			e.Lever, e.Setting = limit.Switch, limit.Setting{Off: w.Off}
		}
		r.recording = append(r.recording, e)
		e.Kind = limittest.Changed
		r.recording = append(r.recording, e)
	}
	if e.At = time.Since(r.began); e.Kind != "" {
		r.recording = append(r.recording, e)
	}
}

// begin starts the process and waits until it takes commands.
func (r *limitRig) begin() {
	r.t.Helper()
	now := time.Now()
	r.note(limittest.Event{Kind: limittest.Started, Enabled: strings.Contains(r.config, limitKeys), Forever: true})
	r.start()
	r.lives(2, now, 20*time.Second)
	time.Sleep(3 * time.Second)
}

func (r *limitRig) send(payload string) {
	r.t.Helper()
	r.note(limittest.Event{Kind: limittest.Sent, Payload: payload})
	r.ear.say(r.t, r.topic("limit/set"), payload, false)
}

func (r *limitRig) kill() {
	r.t.Helper()
	r.Signal(syscall.SIGKILL)
	r.Wait(10 * time.Second)
	time.Sleep(500 * time.Millisecond) // the gateway may still carry out what it was asked
	r.note(limittest.Event{Kind: limittest.Ended})
}

// term stops the process and returns how long it took.
func (r *limitRig) term() time.Duration {
	r.t.Helper()
	began := time.Now()
	r.note(limittest.Event{Kind: limittest.Stopping})
	r.Signal(syscall.SIGTERM)
	if code := r.Wait(25 * time.Second); code != 0 {
		r.t.Errorf("exit code %d after SIGTERM, want 0", code)
	}
	r.note(limittest.Event{Kind: limittest.Ended})
	return time.Since(began)
}

// isLimited reports whether the gateway has a limit, or production is off.
func (r *limitRig) isLimited() (limited bool) {
	r.gateway.Change(func(g *envoytest.Gateway) { limited = g.PowerLimit.Enabled || g.PowerLimit.Off })
	return limited
}

func (r *limitRig) awaitLimited(want bool, within time.Duration) {
	r.t.Helper()
	proctest.AwaitWithin(r.t, within, fmt.Sprintf("limited %t", want), func() bool { return r.isLimited() == want })
}

func (r *limitRig) journal() string {
	data, _ := os.ReadFile(filepath.Join(r.state(), r.serial+".limit.json"))
	return string(data)
}

// check checks the recording.
func (r *limitRig) check() {
	r.t.Helper()
	r.note(limittest.Event{Kind: "end"})
	vs := limittest.Check(r.recording)
	for _, v := range vs {
		r.t.Error(v)
	}
	if len(vs) > 0 {
		for _, e := range r.recording {
			r.t.Log(e)
		}
	}
}

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
				r.note(limittest.Event{})
				step := fmt.Sprintf("%d writes", r.written)
				if r.journal() != "" {
					step += ", with a journal"
				}
				r.begin()
				r.awaitLimited(false, 25*time.Second)
				time.Sleep(6 * time.Second)
				r.note(limittest.Event{})
				if n := r.written; n > 3 {
					t.Errorf("%d writes", n)
				}
				r.term()
				if r.isLimited() {
					t.Error("there is still a limit")
				}
				r.check()
				mu.Lock()
				defer mu.Unlock()
				steps[step]++
				writes += r.written
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

// TestLimitMessages: what is no fresh command is never carried out, and of a flood
// one command is.
func TestLimitMessages(t *testing.T) {
	t.Parallel()
	r := newLimitRig(t, startBroker(t))
	r.ear.say(t, r.topic("limit/set"), `{"export":1}`, true)
	r.begin()
	r.ear.say(t, r.topic("limit/set"), `{"export":2}`, true)
	for _, garbage := range []string{"", "x", `{"export":-1}`, `{"export":0,"export":1}`, strings.Repeat("9", 10_000), "\x00"} {
		r.ear.say(t, r.topic("limit/set"), garbage, false)
	}
	time.Sleep(4 * time.Second)
	if kept := retained(t, r.broker, r.topic("limit/set")); len(kept) > 0 {
		t.Errorf("%v is still retained", kept)
	}
	if n := len(r.gateway.LimitWrites()); n > 0 {
		t.Errorf("%d writes for no command", n)
	}
	for i := range 1000 {
		r.send(fmt.Sprintf(`{"export":%d,"for":"12s"}`, i))
	}
	r.awaitLimited(true, 10*time.Second)
	time.Sleep(8 * time.Second)
	if w := r.gateway.LimitWrites(); len(w) != 1 || w[0].Watts != 999 {
		t.Errorf("writes of the flood: %+v, want one of 999 W", w)
	}
	r.awaitLimited(false, 20*time.Second)
	r.lives(2, time.Now(), 5*time.Second)
	r.term()
	r.check()
	tell("1,000 limits in a second, retained ones, garbage", "one write, of the last; none for the others", "-", "power limit")
}

// TestLimitStops: a stop restores, also one that has to wait for the pace or for a
// gateway that is away.
func TestLimitStops(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	t.Run("soon", func(t *testing.T) {
		t.Parallel()
		r := newLimitRig(t, b)
		r.begin()
		r.send(`{"export":100,"for":"1h"}`)
		r.awaitLimited(true, 10*time.Second)
		took := r.term()
		if r.isLimited() || r.journal() != "" {
			t.Errorf("still limited: %t, journal %s", r.isLimited(), r.journal())
		}
		r.check()
		tell("SIGTERM right after a limit", "state before restored", "ends after "+seconds(took), "restoring what was before the power limit")
	})
	t.Run("forever", func(t *testing.T) {
		t.Parallel()
		r := newLimitRig(t, b)
		r.begin()
		r.send(`{"export":100,"for":"forever"}`)
		r.awaitLimited(true, 10*time.Second)
		r.term()
		r.begin()
		time.Sleep(12 * time.Second)
		if !r.isLimited() {
			t.Error("what lasts forever has ended")
		}
		r.config = strings.Replace(r.config, limitKeys, "", 1)
		r.write("")
		r.note(limittest.Event{Kind: limittest.Reloaded})
		r.Signal(syscall.SIGHUP)
		r.awaitLimited(false, 30*time.Second)
		r.term()
		r.check()
	})
	t.Run("away", func(t *testing.T) {
		t.Parallel()
		r := newLimitRig(t, b)
		r.begin()
		r.send(`{"production_off":true,"for":"1h"}`)
		r.awaitLimited(true, 10*time.Second)
		r.server.Refuse(true)
		took := r.term()
		if r.journal() == "" {
			t.Error("no journal is left")
		}
		r.server.Refuse(false)
		r.begin()
		r.awaitLimited(false, 30*time.Second)
		r.term()
		r.check()
		tell("SIGTERM with a limit, gateway away", "the journal stays, ends after "+seconds(took), "restored by the next start", "power limit not restored, the next start tries it again")
	})
	t.Run("broker away", func(t *testing.T) {
		t.Parallel()
		own := startBroker(t)
		r := newLimitRig(t, own)
		r.begin()
		r.send(`{"export":100,"for":"15s"}`)
		r.awaitLimited(true, 10*time.Second)
		own.Pause(t)
		r.awaitLimited(false, 40*time.Second)
		own.Unpause(t)
		r.lives(2, time.Now(), 60*time.Second)
		r.term()
		r.check()
		tell("broker frozen during a limit", "the limit ends in time", "-", "power limit")
	})
}

// TestLimitClock: a clock that was set, as the journal shows it, delays nothing.
func TestLimitClock(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	for _, off := range []time.Duration{48 * time.Hour, -48 * time.Hour} {
		t.Run(off.String(), func(t *testing.T) {
			t.Parallel()
			r := newLimitRig(t, b)
			r.begin()
			r.send(`{"export":100,"for":"1h"}`)
			r.awaitLimited(true, 10*time.Second)
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
			r.check()
		})
	}
	tell("SIGKILL with a limit, clock set by two days", "-", "state before restored", "power limit")
}

// TestLimitTwice: two bridges that get the same command leave nothing behind.
func TestLimitTwice(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	r := newLimitRig(t, b)
	other := &limitRig{rig: &rig{t: t, gateway: r.gateway, server: r.server, broker: b, ear: r.ear, base: r.base, serial: r.serial, dir: t.TempDir(), url: r.url, config: r.config}, began: r.began}
	r.begin()
	other.begin()
	r.send(`{"export":100,"for":"20s"}`)
	r.awaitLimited(true, 10*time.Second)
	time.Sleep(8 * time.Second)
	r.send(`{"export":50,"for":"20s"}`)
	time.Sleep(20 * time.Second)
	r.awaitLimited(false, 60*time.Second)
	time.Sleep(15 * time.Second)
	r.term()
	other.term()
	if r.isLimited() {
		t.Error("there is still a limit")
	}
	tell("two bridges get the same limit", fmt.Sprintf("%d writes", len(r.gateway.LimitWrites())), "state before restored", "power limit")
}
