//go:build unix

package command

import (
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass/hasstest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// TestDiscoveryForm changes the form of discovery by SIGHUP, kills the program
// during the next change, and starts it again: the recording of the broker has no
// finding.
func TestDiscoveryForm(t *testing.T) {
	t.Parallel()
	h := newHouse(t, new(envoytest.Gateway))
	h.record(t)
	await := func(text string) {
		t.Helper()
		proctest.Await(t, text, func() bool { return strings.Contains(h.recorded(), text) })
	}
	const (
		device   = "homeassistant/device/envoy_122012345678/config "
		entity   = "homeassistant/sensor/envoy_122012345678/grid_power/config "
		byEntity = "[HOMEASSISTANT]\nDISCOVERY = entity\n"
	)
	p := h.start(t, withAccount)
	await(device + `{"device"`)
	h.hangUp(t, p, h.config+withAccount+byEntity)
	await(device + `{"migrate_discovery":true}`)
	await(entity + `{"name"`)
	await(device + "\n")
	h.hangUp(t, p, h.config+withAccount)
	await(entity + `{"migrate_discovery":true}`)
	p.Signal(syscall.SIGKILL)
	p.Wait(5 * time.Second)
	proctest.Await(t, "end of the connection", func() bool { return atomic.LoadInt64(&h.broker.server.Info.ClientsConnected) == 0 })
	// This broker stores the last message of a client that is killed, but may not forward it.
	for _, m := range h.broker.server.Topics.Messages("homeassistant/#") {
		if line := fmt.Sprintf("%s %s\n", m.TopicName, m.Payload); !strings.Contains(h.recorded(), line) {
			fmt.Fprint(&h.topics, line)
		}
	}
	p = h.start(t, withAccount)
	await(entity + "\n")
	p.Stop()
	for _, f := range hasstest.Check(recordedDocuments(h.recorded()), hasstest.Options{}) {
		if f.Rule.ConcernsMigration() {
			t.Error(f)
		}
	}
}

// recordedDocuments returns the discovery messages of a recording.
func recordedDocuments(recorded string) (msgs []hasstest.Message) {
	for line := range strings.Lines(recorded) {
		topic, payload, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if strings.HasPrefix(topic, "homeassistant/") {
			msgs = append(msgs, hasstest.Message{Topic: topic, Payload: []byte(payload), Retain: true, QoS: 1})
		}
	}
	return msgs
}
