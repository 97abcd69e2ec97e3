//go:build fleet && linux

package fleet_test

import (
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/shard"
)

func TestMain(m *testing.M) {
	os.Exit(proctest.Main(m, "../../cmd/envoy-mqtt"))
}

// unreadSlack is how long a gateway may be unread beside the time in which the whole
// fleet starts, which depends on the machine.
const unreadSlack = 15 * time.Second

// A fleet is the processes with what is around them.
type fleet struct {
	t        *testing.T
	gateways gateways
	owners   *owners
	ended    map[int]time.Time // when processes have ended, by pid
	interval time.Duration
	broker   string // address
	recorder *recorder
	cloud    *enlightentest.Cloud
	config   string // path
	environ  []string
	shards   map[int]*proctest.Process // by number
}

func newFleet(t *testing.T, n int) *fleet {
	o := newOwners(t)
	f := &fleet{
		t: t, gateways: newGateways(t, n, o), owners: o, ended: map[int]time.Time{}, interval: 2 * time.Second,
		shards: map[int]*proctest.Process{}, cloud: new(enlightentest.Cloud),
	}
	every := 10 * time.Second // of retained values
	if n > 300 {
		f.interval, every = 5*time.Second, time.Minute
	}
	f.broker = startMosquitto(t)
	f.recorder = record(t, f.broker, "recorder", "envoy/#", "homeassistant/#")
	cloud := httptest.NewTLSServer(f.cloud)
	t.Cleanup(cloud.Close)
	f.config = proctest.Configure(t, fmt.Sprintf("[MQTT]\nURL = mqtt://%s\n[HOMEASSISTANT]\nINTERVAL = %v\n[ENLIGHTEN]\nLOGIN_URL = %s%s\nTOKEN_URL = %s%s\n%s",
		f.broker, every, cloud.URL, enlightentest.LoginPath, cloud.URL, enlightentest.TokenPath, f.gateways.sections(f.interval)))
	dir := filepath.Dir(f.config)
	if err := os.MkdirAll(filepath.Join(dir, "state"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, g := range f.gateways { // as earlier runs would have stored them
		proctest.WriteFile(t, filepath.Join(dir, "state", g.Serial+".jwt"), g.token()+"\n")
	}
	ca := proctest.WriteFile(t, filepath.Join(dir, "ca.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cloud.Certificate().Raw})))
	f.environ = []string{"SSL_CERT_FILE=" + ca}
	return f
}

// startMosquitto returns the address of a broker that discards nothing that is meant
// for a slow recorder.
func startMosquitto(t *testing.T) string {
	t.Helper()
	port := proctest.FreePort(t)
	config := proctest.WriteFile(t, filepath.Join(t.TempDir(), "mosquitto.conf"),
		"listener "+port+" 127.0.0.1\nallow_anonymous true\nuser root\npersistence false\nlog_type error\nmax_queued_messages 0\nmax_inflight_messages 0\n")
	proctest.Start(t, exec.Command("mosquitto", "-c", config))
	proctest.AwaitPort(t, port)
	return "127.0.0.1:" + port
}

// await waits for f as long as the whole test may take: how long something takes
// depends on the machine.
func (f *fleet) await(what string, is func() bool) time.Duration {
	f.t.Helper()
	began := time.Now()
	deadline, hasDeadline := f.t.Deadline()
	for tick := time.NewTicker(50 * time.Millisecond); !is(); <-tick.C {
		if err := f.recorder.failure(); err != nil {
			f.t.Fatalf("%s: the recording has ended: %v", what, err)
		}
		for number, p := range f.shards {
			if syscall.Kill(p.Pid(), 0) != nil {
				f.t.Fatalf("%s: shard %d has ended", what, number)
			}
		}
		if hasDeadline && time.Until(deadline) < time.Minute {
			f.t.Fatalf("%s: not within %v", what, time.Since(began).Round(time.Second))
		}
	}
	took := time.Since(began)
	f.t.Logf("%6.1f s  %s", took.Seconds(), what)
	return took
}

// start starts a shard, with the environment that docs/fleet.md recommends.
func (f *fleet) start(number, count int) {
	f.t.Helper()
	environ := append([]string{"GOGC=20", "ENVOY_MQTT_GENERAL__SHARD=" + shard.Shard{Number: number, Count: count}.String()}, f.environ...)
	f.shards[number] = proctest.Start(f.t, proctest.Command(f.config, environ...))
	f.owners.addProcess(f.shards[number].Pid())
}

// stop stops a shard, cleanly or not.
func (f *fleet) stop(number int, s syscall.Signal) {
	f.t.Helper()
	p := f.shards[number]
	delete(f.shards, number)
	p.Signal(s)
	if code := p.Wait(time.Minute); s == syscall.SIGTERM && code != 0 {
		f.t.Errorf("shard %d ended with code %d", number, code)
	}
	f.ended[p.Pid()] = time.Now()
}

// bridge returns the latest value of a topic of a shard.
func (f *fleet) bridge(number int, key string) string {
	return f.recorder.state(fmt.Sprintf("envoy/bridge-%d/%s", number, key))
}

func gatewaysPerShard(t *testing.T) int {
	text := os.Getenv("GATEWAYS")
	if text == "" {
		return 20
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("GATEWAYS = %q is no number of gateways", text)
	}
	return n
}

// TestFleet runs three shards, kills and restarts one, and adds a fourth. What
// happens is counted at the gateways, at the cloud and at the broker.
func TestFleet(t *testing.T) {
	n := 3 * gatewaysPerShard(t)
	f := newFleet(t, n)

	began := time.Now()
	for number := 1; number <= 3; number++ {
		f.start(number, 3)
	}
	startup := f.await(fmt.Sprintf("3 shards read %d gateways", n), func() bool { return f.gateways.areRead(began, 2) })
	f.steady()

	killed := f.gateways.of(shard.Shard{Number: 2, Count: 3})
	pid := f.shards[2].Pid()
	f.stop(2, syscall.SIGKILL)
	down := time.Now()
	f.await("the broker reports that shard 2 is offline", func() bool { return f.bridge(2, "state") == "offline" })
	for _, g := range killed {
		for _, r := range g.recorded(down) {
			if f.owners.process(r.connection) != pid {
				t.Errorf("%s was read while its shard was down", g.section)
			}
		}
	}
	f.start(2, 3)
	f.await(fmt.Sprintf("shard 2 reads its %d gateways again", len(killed)), func() bool { return killed.areRead(down, 2) })

	f.grow()
	end := time.Now()
	f.checkBroker()
	f.checkGateways(end, unreadSlack+startup)
	if n := len(f.cloud.Logins()); n != 0 {
		t.Errorf("%d logins, want none", n)
	}
	f.recorder.check(t)
	for number := 1; number <= 4; number++ {
		f.stop(number, syscall.SIGTERM)
	}
}

// grow changes the number of shards from 3 to 4: first the new one starts, then the
// others are restarted one after the other.
func (f *fleet) grow() {
	f.t.Helper()
	moved := f.gateways.of(shard.Shard{Number: 4, Count: 4})
	f.start(4, 4)
	f.await("shard 4 is online", func() bool { return f.bridge(4, "state") == "online" })
	since := time.Now() // the moving gateways belong to two shards now, and each would read them several times
	f.await("the old shards go on reading", func() bool { return f.gateways.areRead(since, 4) })
	for number := 1; number <= 3; number++ {
		owned := f.gateways.of(shard.Shard{Number: number, Count: 4})
		f.stop(number, syscall.SIGTERM)
		since := time.Now()
		f.start(number, 4)
		f.await(fmt.Sprintf("shard %d of 4 reads its %d gateways", number, len(owned)), func() bool { return owned.areRead(since, 1) })
	}
	since = time.Now()
	f.await(fmt.Sprintf("shard 4 reads the %d gateways that move", len(moved)), func() bool { return moved.areRead(since, 2) })
	f.await("all gateways are read", func() bool { return f.gateways.areRead(since, 2) })
	for number := 1; number <= 4; number++ {
		want := strconv.Itoa(len(f.gateways.of(shard.Shard{Number: number, Count: 4})))
		f.await(fmt.Sprintf("shard %d has %s gateways online", number, want), func() bool { return f.bridge(number, "gateways") == want })
	}
}

// checkGateways checks what the gateways have recorded.
func (f *fleet) checkGateways(end time.Time, limit time.Duration) {
	f.t.Helper()
	requests, twice := 0, 0
	for _, g := range f.gateways {
		requests += len(g.recorded(time.Time{}))
		if a, b := g.overlap(f.owners.process, f.ended); a != 0 {
			twice++
			f.t.Errorf("%s was read by the processes %d and %d at once", g.section, a, b)
		}
	}
	worst, gap := f.gateways.longestGap(end)
	f.t.Logf("%d requests at %d gateways; read by two processes: %d; longest time unread: %.1f s (%s), limit %.1f s; logins: %d",
		requests, len(f.gateways), twice, gap.Seconds(), worst.section, limit.Seconds(), len(f.cloud.Logins()))
	unknown, connections := f.owners.unknown()
	f.t.Logf("%d connections, of %d the process is not known", connections, unknown)
	if unknown > connections/20 {
		f.t.Errorf("the process of %d of %d connections is not known", unknown, connections)
	}
	if gap > limit {
		f.t.Errorf("%s was not read for %v, want %v at most", worst.section, gap, limit)
	}
}

// checkBroker checks that the broker has the topics of every gateway. It asks for few
// at a time, because Mosquitto drops messages with QoS 0 if many wait.
func (f *fleet) checkBroker() {
	f.t.Helper()
	for some := range slices.Chunk(f.gateways, 50) {
		var topics []string
		for _, g := range some {
			topics = append(topics, "envoy/"+g.Serial+"/availability", "envoy/"+g.Serial+"/production/energy", "homeassistant/device/envoy_"+g.Serial+"/config")
		}
		f.await(fmt.Sprintf("the broker has retained %s to %s", some[0].section, some[len(some)-1].section), f.looker(topics))
	}
	one := record(f.t, f.broker, "one", "envoy/"+f.gateways[0].Serial+"/#")
	f.await("the broker has retained a gateway", func() bool { return one.retainedTopics() > 100 })
	time.Sleep(time.Second) // the rest
	f.t.Logf("a gateway with three phases and 12 inverters has %d retained topics, and 13 devices in Home Assistant", one.retainedTopics())
}

// looker returns a function that reports whether the broker has retained messages on
// topics. It asks again every five seconds: a message with QoS 0 can be lost on its
// way.
func (f *fleet) looker(topics []string) func() bool {
	var r *recorder
	var asked time.Time
	return func() bool {
		if r == nil || time.Since(asked) > 5*time.Second {
			if r != nil {
				f.t.Logf("not retained yet: %v", r.missing(topics))
			}
			asked = time.Now()
			r = record(f.t, f.broker, fmt.Sprintf("look-%d", asked.UnixNano()), topics...)
		}
		return r.retainedTopics() == len(topics)
	}
}
