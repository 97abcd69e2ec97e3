// Package mosquittotest runs Mosquitto in a container, where it can be frozen,
// killed and started again. It is a package of its own because
// importing it links a client of Docker's.
package mosquittotest

import (
	"cmp"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"

	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// Anonymous is the configuration that lets everybody in.
const Anonymous = "allow_anonymous true\n"

// Passwords are a password file of Mosquitto's, of names and passwords in turn.
func Passwords(t *testing.T, users ...string) string {
	t.Helper()
	file := proctest.WriteFile(t, filepath.Join(t.TempDir(), "passwords"), "")
	for i := 0; i < len(users); i += 2 {
		if out, err := exec.Command("mosquitto_passwd", "-b", file, users[i], users[i+1]).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	return proctest.ReadFile(t, file)
}

// Image is the container image of Mosquitto.
func Image() string {
	return cmp.Or(os.Getenv("INTEGRATION_BROKER_IMAGE"), "eclipse-mosquitto:2")
}

// A Broker is Mosquitto on a port that stays the same over restarts.
type Broker struct {
	Address, Port string
	container     testcontainers.Container
}

const folder = "/mosquitto/config/"

// Start starts Mosquitto for everybody.
func Start(t *testing.T) *Broker {
	t.Helper()
	return StartWith(t, Anonymous, nil)
}

// StartWith starts Mosquitto with a configuration, beside which lie files.
func StartWith(t *testing.T, config string, files map[string]string) *Broker {
	t.Helper()
	port := proctest.FreePort(t)
	b := &Broker{Address: "127.0.0.1:" + port, Port: port}
	inside := []testcontainers.ContainerFile{{
		Reader:            strings.NewReader("listener 1883\nuser root\nlog_type error\n" + config),
		ContainerFilePath: folder + "mosquitto.conf", FileMode: 0o644,
	}}
	for name, text := range files {
		inside = append(inside, testcontainers.ContainerFile{Reader: strings.NewReader(text), ContainerFilePath: folder + name, FileMode: 0o600})
	}
	var err error
	b.container, err = testcontainers.Run(t.Context(), Image(),
		testcontainers.WithExposedPorts("1883/tcp"),
		testcontainers.WithFiles(inside...),
		testcontainers.WithHostConfigModifier(func(hc *container.HostConfig) {
			hc.PortBindings = network.PortMap{network.MustParsePort("1883/tcp"): {{HostIP: netip.MustParseAddr("127.0.0.1"), HostPort: port}}}
		}),
		testcontainers.WithWaitStrategy(wait.ForListeningPort("1883/tcp").SkipInternalCheck().WithStartupTimeout(time.Minute)),
	)
	testcontainers.CleanupContainer(t, b.container)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// docker is the engine that the containers run on.
func docker(t *testing.T) *testcontainers.DockerClient {
	t.Helper()
	engine, err := testcontainers.NewDockerClientWithOpts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

// Pause freezes the broker: its sockets stay open and are not read.
func (b *Broker) Pause(t *testing.T) {
	t.Helper()
	if _, err := docker(t).ContainerPause(t.Context(), b.container.GetContainerID(), client.ContainerPauseOptions{}); err != nil {
		t.Fatal(err)
	}
}

// Unpause lets it go on.
func (b *Broker) Unpause(t *testing.T) {
	t.Helper()
	if _, err := docker(t).ContainerUnpause(t.Context(), b.container.GetContainerID(), client.ContainerUnpauseOptions{}); err != nil {
		t.Fatal(err)
	}
}

// Signal sends the broker a signal: KILL, HUP.
func (b *Broker) Signal(t *testing.T, name string) {
	t.Helper()
	if _, err := docker(t).ContainerKill(t.Context(), b.container.GetContainerID(), client.ContainerKillOptions{Signal: name}); err != nil {
		t.Fatal(err)
	}
}

// Stop ends the broker.
func (b *Broker) Stop(t *testing.T) {
	t.Helper()
	if err := b.container.Stop(t.Context(), new(10*time.Second)); err != nil {
		t.Fatal(err)
	}
}

// Restart starts the broker again after Stop or a signal that ended it.
func (b *Broker) Restart(t *testing.T) {
	t.Helper()
	if err := b.container.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Write replaces a file beside the configuration.
func (b *Broker) Write(t *testing.T, name, text string) {
	t.Helper()
	if err := b.container.CopyToContainer(t.Context(), []byte(text), folder+name, 0o600); err != nil {
		t.Fatal(err)
	}
}
