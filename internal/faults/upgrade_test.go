package faults_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestUpgrade: firmware that spoke plain http without a token becomes one that
// has closed port 80 and wants a token. Real time, since TLS needs sockets.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	b := newBubble(0, 200*time.Millisecond, 5*time.Second)
	b.server.Close()
	b.gateway.Firmware = "R5.0.62"
	plain, secure := envoytest.NewPlainServer(b.gateway), envoytest.NewTLSServer(b.gateway)
	defer plain.Close()
	defer secure.Close()
	b.bridge.HomeAssistant.Interval = 100 * time.Millisecond // and not ten seconds until the firmware is published
	client := b.bridge.Gateways[0].Client
	client.Host = "gateway"
	client.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if strings.HasSuffix(addr, ":443") {
			return secure.Dial(ctx, network, addr)
		}
		return plain.Dial(ctx, network, addr)
	}
	b.start(t)
	lives := func(from time.Time) {
		t.Helper()
		for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			if _, ok := b.recording().first("envoy/"+serial+"/live", "", from); ok {
				return
			}
		}
		t.Fatalf("no live document within 30 s:\n%s", b.log.String())
	}
	lives(time.Time{})
	b.gateway.Change(func(g *envoytest.Gateway) { g.Firmware, g.ThreeLines = "D8.3.5286", true })
	plain.Refuse(true) // and with it the connection that was open
	upgraded := time.Now()
	lives(upgraded)
	time.Sleep(time.Second)
	firmware, _ := b.broker.Retained("envoy/" + serial + "/info/firmware")
	b.stop(t)
	for _, w := range b.recording().judge().wrong {
		t.Error(w)
	}
	if firmware != "D8.3.5286" {
		t.Errorf("info/firmware = %q after the upgrade", firmware)
	}
}
