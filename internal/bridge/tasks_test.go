package bridge_test

import (
	"slices"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/publish"
	"github.com/envoy-mqtt/envoy-mqtt/internal/devices"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/redact"
)

// TestTasks: what a gateway is asked beside its samples is in captures, is answered by
// the simulator, loses an answer in TestLostAnswer, and its response time is published.
func TestTasks(t *testing.T) {
	for _, task := range new(publish.GatewayPublisher).Tasks() {
		path := task.Path
		if !slices.Contains(redact.Pages, path) {
			t.Errorf("task %s: Pages of internal/redact/pages.go lacks %s", task.Name, path)
		}
		if !envoytest.HasPage(path) {
			t.Errorf("task %s: pages of internal/envoy/envoytest/serve.go lacks %s", task.Name, path)
		}
		if task.Name == "power limit" || task.Name == "production switch" {
			continue // most gateways lack these, and are asked three times
		}
		if !slices.ContainsFunc(lostAnswers, func(a lostAnswer) bool { return a.path == path }) {
			t.Errorf("task %s: lostAnswers of internal/bridge/lostanswer_test.go lacks %s", task.Name, path)
		}
		if path != "/info" && !slices.ContainsFunc(devices.ResponseTimePaths, func(p struct{ Path, Key, Name string }) bool { return p.Path == path }) {
			t.Errorf("task %s: ResponseTimePaths of internal/devices/responsetimes.go lacks %s", task.Name, path)
		}
	}
}
