//go:build unix

package command

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// hangUp has the program read this configuration.
func (h *house) hangUp(t *testing.T, p *proctest.Process, config string) {
	t.Helper()
	proctest.WriteFile(t, filepath.Join(h.dir, "config.ini"), config)
	p.Signal(syscall.SIGHUP)
}

// more waits for more live documents than there are.
func (h *house) more(t *testing.T, base string) {
	t.Helper()
	n := strings.Count(h.recorded(), base+"/122012345678/live {")
	proctest.Await(t, "live documents under "+base, func() bool { return strings.Count(h.recorded(), base+"/122012345678/live {") > n+3 })
}

// TestReload: SIGHUP brings a good configuration into force without a word of
// being offline, a bad one is refused, and another TOPIC leaves nothing behind.
func TestReload(t *testing.T) {
	t.Parallel()
	h := newHouse(t, new(envoytest.Gateway))
	h.config = strings.Replace(h.config, "STALE_AFTER = 3s", "STALE_AFTER = 1m", 1) // a busy machine takes longer to start
	h.record(t)
	p := h.start(t, withAccount)
	h.more(t, "envoy")

	h.hangUp(t, p, h.config+withAccount+"USRNAME = x\n")
	p.Await("configuration rejected, the current one stays in use")
	if !strings.Contains(p.Output(), "did you mean USERNAME") {
		t.Error("the log does not say what is wrong")
	}
	h.more(t, "envoy")

	h.hangUp(t, p, strings.Replace(h.config, "LOG_LEVEL = debug", "LOG_LEVEL = info", 1)+withAccount+"NAME = Roof\n")
	p.Await("configuration reloaded")
	proctest.Await(t, "the new name", func() bool { return strings.Contains(h.recorded(), `"name":"Roof"`) })
	h.more(t, "envoy")
	if strings.Contains(h.recorded(), " offline\n") {
		t.Errorf("a reload that changes neither broker nor topics says offline:\n%s", p.Output())
	}

	h.hangUp(t, p, strings.Replace(h.config, "[ENLIGHTEN]", "TOPIC = solar\n[ENLIGHTEN]", 1)+withAccount)
	h.more(t, "solar")
	p.Await("old topics cleared")
	for _, topic := range []string{"envoy/bridge/state", "envoy/bridge/info", "envoy/122012345678/availability", "envoy/122012345678/production/energy"} {
		proctest.Await(t, topic+" to be cleared", func() bool { return strings.Contains(h.recorded(), "\n"+topic+" \n") })
		announced := strings.LastIndex(h.recorded(), `"state_topic":"solar/bridge/version"`)
		if cleared := strings.Index(h.recorded(), "\n"+topic+" \n"); cleared < announced {
			t.Errorf("%s was cleared before Home Assistant got another to read", topic)
		}
	}
	for _, id := range []string{"envoy_122012345678", "envoy_bridge"} {
		if strings.Contains(h.recorded(), "homeassistant/device/"+id+"/config \n") {
			t.Errorf("%s was removed from Home Assistant for a moment", id)
		}
	}
	if strings.Contains(h.recorded(), "homeassistant/device/solar_bridge/") {
		t.Error("the bridge was announced under another id")
	}
	if n := len(h.cloud.Logins()); n != 1 {
		t.Errorf("%d logins over three reloads, want 1", n)
	}
	p.Stop()
}

// TestPlacesOutliveTheProcess: what the program published before it was stopped
// and configured anew is cleared at the next start.
func TestPlacesOutliveTheProcess(t *testing.T) {
	t.Parallel()
	h := newHouse(t, new(envoytest.Gateway))
	h.record(t)
	p := h.start(t, withAccount)
	h.more(t, "envoy")
	p.Stop()
	h.config = strings.Replace(h.config, "[ENLIGHTEN]", "TOPIC = solar\n[HOMEASSISTANT]\nPREFIX = ha\n[ENLIGHTEN]", 1)
	p = h.start(t, withAccount)
	p.Await("old topics cleared")
	p.Stop()
	for _, topic := range []string{"envoy/bridge/state", "envoy/122012345678/availability", "homeassistant/device/envoy_122012345678/config"} {
		if !strings.Contains(h.recorded(), "\n"+topic+" \n") {
			t.Errorf("%s was not cleared", topic)
		}
	}
	if got, err := os.ReadFile(filepath.Join(h.dir, "state", "published.json")); err != nil || strings.Contains(string(got), "envoy\"") || !strings.Contains(string(got), "solar") {
		t.Errorf("published.json: %s, %v, want the present place alone", got, err)
	}
}

// TestReplacedGatewayStays: the entities of a gateway that was replaced are a
// person's to remove, with their history.
func TestReplacedGatewayStays(t *testing.T) {
	t.Parallel()
	h := newHouse(t, new(envoytest.Gateway))
	h.record(t)
	p := h.start(t, withAccount)
	h.more(t, "envoy")
	p.Stop()
	h.gateway.Change(func(g *envoytest.Gateway) { g.Serial = "122200000009" })
	for range 2 {
		p = h.start(t, withAccount)
		p.Await(`"message":"sample"`)
		time.Sleep(2 * time.Second)
		p.Stop()
	}
	if got := h.recorded(); strings.Contains(got, "homeassistant/device/envoy_122012345678/config \n") || !strings.Contains(got, "homeassistant/device/envoy_122200000009/config {") {
		t.Errorf("the replaced gateway was removed, or the new one not announced:\n%.3000s", got)
	}
}

// TestSharedStateDir: two programs with one folder warn of each other.
func TestSharedStateDir(t *testing.T) {
	t.Parallel()
	h := newHouse(t, new(envoytest.Gateway))
	first := h.start(t, withAccount)
	first.Await(`"message":"sample"`) // with a token kept: a login that was stopped would make the others wait
	second := h.start(t, withAccount)
	second.Await("another envoy-mqtt uses this folder too")
	first.Stop()
	second.Stop()
	third := h.start(t, withAccount)
	third.Await(`"message":"sample"`)
	third.Stop()
	for i, p := range []*proctest.Process{first, third} {
		if strings.Contains(p.Output(), "another envoy-mqtt") {
			t.Errorf("process %d warns of a neighbour that it does not have", i)
		}
	}
}
