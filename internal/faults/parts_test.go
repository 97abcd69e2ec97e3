//go:build faults

package faults_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

func image() string {
	if i := os.Getenv("INTEGRATION_BROKER_IMAGE"); i != "" {
		return i
	}
	return "eclipse-mosquitto:2"
}

// docker is the engine that the containers run on.
func docker(t *testing.T) *testcontainers.DockerClient {
	t.Helper()
	provider, err := testcontainers.ProviderDocker.GetProvider()
	if err != nil {
		t.Fatal(err)
	}
	return provider.(*testcontainers.DockerProvider).Client().(*testcontainers.DockerClient)
}

// A broker is Mosquitto in a container, on a port that stays the same over restarts.
type broker struct {
	testcontainers.Container
	address        string
	user, password string // of those who listen
}

const anonymous = "allow_anonymous true\n"

// startBroker starts Mosquitto with a configuration, beside which lie files.
func startBroker(t *testing.T, config string, files map[string]string) *broker {
	t.Helper()
	address := freeAddress(t)
	inside := []testcontainers.ContainerFile{{
		Reader:            strings.NewReader("listener 1883\nuser root\nlog_type error\n" + config),
		ContainerFilePath: "/mosquitto/config/mosquitto.conf", FileMode: 0o644,
	}}
	for name, text := range files {
		inside = append(inside, testcontainers.ContainerFile{Reader: strings.NewReader(text), ContainerFilePath: "/mosquitto/config/" + name, FileMode: 0o600})
	}
	host, port, _ := net.SplitHostPort(address)
	c, err := testcontainers.Run(context.Background(), image(),
		testcontainers.WithExposedPorts("1883/tcp"),
		testcontainers.WithFiles(inside...),
		testcontainers.WithHostConfigModifier(func(hc *container.HostConfig) {
			hc.PortBindings = network.PortMap{network.MustParsePort("1883/tcp"): {{HostIP: netip.MustParseAddr(host), HostPort: port}}}
		}),
		testcontainers.WithWaitStrategy(wait.ForListeningPort("1883/tcp").SkipInternalCheck().WithStartupTimeout(time.Minute)),
	)
	testcontainers.CleanupContainer(t, c)
	if err != nil {
		t.Fatal(err)
	}
	return &broker{Container: c, address: address}
}

// pause freezes the broker: its sockets stay, nobody reads them.
func (b *broker) pause(t *testing.T) {
	t.Helper()
	if _, err := docker(t).ContainerPause(t.Context(), b.GetContainerID(), client.ContainerPauseOptions{}); err != nil {
		t.Fatal(err)
	}
}

func (b *broker) unpause(t *testing.T) {
	t.Helper()
	if _, err := docker(t).ContainerUnpause(t.Context(), b.GetContainerID(), client.ContainerUnpauseOptions{}); err != nil {
		t.Fatal(err)
	}
}

// signal sends the broker a signal: KILL, HUP.
func (b *broker) signal(t *testing.T, name string) {
	t.Helper()
	if _, err := docker(t).ContainerKill(t.Context(), b.GetContainerID(), client.ContainerKillOptions{Signal: name}); err != nil {
		t.Fatal(err)
	}
}

func (b *broker) stop(t *testing.T) {
	t.Helper()
	if err := b.Stop(t.Context(), new(10*time.Second)); err != nil {
		t.Fatal(err)
	}
}

func (b *broker) start(t *testing.T) {
	t.Helper()
	if err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// A wire is a TCP proxy whose link can be cut, stopped and slowed down.
type wire struct {
	address string
	to      string

	mu     sync.Mutex // guards all
	conns  map[net.Conn]bool
	open   chan struct{} // closed while bytes may pass
	refuse bool
	delay  time.Duration // of each chunk
	rate   int           // bytes a second; 0 for any
}

// lay starts a wire to an address.
func lay(t *testing.T, to string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{address: l.Addr().String(), to: to, conns: map[net.Conn]bool{}, open: make(chan struct{})}
	close(w.open)
	t.Cleanup(func() {
		l.Close()
		w.cut()
		w.blackhole(false)
	})
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			go w.join(near)
		}
	}()
	return w
}

func (w *wire) join(near net.Conn) {
	defer near.Close()
	w.mu.Lock()
	refuse := w.refuse
	w.mu.Unlock()
	far, err := net.Dial("tcp", w.to)
	if err != nil || refuse {
		return
	}
	defer far.Close()
	w.mu.Lock()
	w.conns[near], w.conns[far] = true, true
	w.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { w.carry(near, far) })
	both.Go(func() { w.carry(far, near) })
	both.Wait()
	w.mu.Lock()
	delete(w.conns, near)
	delete(w.conns, far)
	w.mu.Unlock()
}

func (w *wire) carry(from, to net.Conn) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 1024)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		w.mu.Lock()
		open, wait := w.open, w.delay
		if w.rate > 0 {
			wait += time.Duration(n) * time.Second / time.Duration(w.rate)
		}
		w.mu.Unlock()
		time.Sleep(wait)
		<-open
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

// blackhole lets no byte pass, though connections are made and stand.
func (w *wire) blackhole(yes bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-w.open:
		if yes {
			w.open = make(chan struct{})
		}
	default:
		if !yes {
			close(w.open)
		}
	}
}

// slow gives the wire a delay and a rate in bytes a second.
func (w *wire) slow(delay time.Duration, rate int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.delay, w.rate = delay, rate
}

// cut ends every connection.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.conns {
		c.Close()
	}
}

func portOf(address string) int {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		panic(fmt.Sprint(address, err)) // our own
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		panic(err) // our own
	}
	return n
}
