//go:build integration

// Package integration_test tries the built binary, as a user runs it, on a
// real Mosquitto in a container and on simulated gateways over TLS. A part
// that is missing is a failure: without the build tag nothing here is run.
package integration_test

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest/mosquittotest"
)

func TestMain(m *testing.M) {
	os.Exit(proctest.Main(m, "../../cmd/envoy-mqtt"))
}

// listen records all that passes the broker: "1 topic payload", where 1 is
// what was retained before.
func listen(t *testing.T, b *mosquittotest.Broker, filter string, extra ...string) *proctest.Process {
	t.Helper()
	args := append([]string{"-h", "127.0.0.1", "-p", b.Port, "-V", "mqttv5", "-q", "1", "-F", "%r %t %p", "-t", filter}, extra...)
	return proctest.Start(t, exec.Command("mosquitto_sub", args...))
}

// program starts the built binary with this configuration.
func program(t *testing.T, config string) *proctest.Process {
	t.Helper()
	return proctest.Start(t, proctest.Command(proctest.Configure(t, config)))
}

func mqtt(b *mosquittotest.Broker) string { return "[MQTT]\nURL = mqtt://" + b.Address + "\n" }

func envoy(section, host string) string {
	return fmt.Sprintf("[%s]\nHOST = %s\nTOKEN = eyJh.eyJi.c\nINTERVAL = 1s\nSTALE_AFTER = 5s\nTIMEOUT = 5s\n", section, host)
}
