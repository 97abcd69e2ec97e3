//go:build budget && linux

package budget_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
	"github.com/envoy-mqtt/envoy-mqtt/internal/history"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// viewers is how many browsers display the page in TestPageMemory.
const viewers = 10

// pageSection switches the page on.
func pageSection(port string) string {
	return "[HTTP]\nLISTEN = 127.0.0.1:" + port + "\nPAGE = true\n"
}

// TestPageMemory measures what the page adds to the peak resident memory with ten
// viewers who look at every screen, and a full history of one and of four gateways. The
// budget is that of one gateway, and the size of a history for each further one.
func TestPageMemory(t *testing.T) {
	t.Parallel()
	render(t)
	broker := startMosquitto(t)
	for _, n := range []int{1, 4} {
		var gateways []*instant
		var sections strings.Builder
		var topics []string
		for i := range n {
			g := newInstant(t, i+1)
			gateways, topics = append(gateways, g), append(topics, g.liveTopic())
			sections.WriteString(g.section("ENVOY_"+string(rune('A'+i)), pause))
		}
		got := subscribe(t, broker, topics...)
		run := func(extra string) (s setup, p *process) {
			s = configure(t, broker, "[HOMEASSISTANT]\nINTERVAL = 200ms\n"+extra+sections.String())
			for _, g := range gateways {
				s.keepToken(t, g)
				if extra != "" {
					fillHistory(t, filepath.Join(filepath.Dir(string(s)), "state"), g.Serial)
				}
			}
			return s, start(t, s.command())
		}
		total := int(shorter(300*pause)/pause) * n
		_, p := run("")
		for range total {
			next(t, got)
		}
		without := p.memory("VmHWM")
		p.stop()
		port := proctest.FreePort(t)
		_, p = run(pageSection(port))
		for range 20 * n {
			next(t, got)
		}
		t.Logf("%d gateways, page without viewers: VmHWM %.1f MiB", n, p.memory("VmHWM"))
		ctx, cancel := context.WithCancel(t.Context())
		for i := range viewers {
			view(t, ctx, "http://127.0.0.1:"+port+"/", gateways[i%n].Serial)
		}
		for range total {
			next(t, got)
		}
		with := p.memory("VmHWM")
		cancel()
		p.stop()
		t.Logf("%d gateways: VmHWM %.1f MiB without the page, %.1f MiB with %d viewers", n, without, with, viewers)
		within(t, fmt.Sprintf("memory of the page, %d gateways, %d viewers", n, viewers), with-without, 12+1.5*float64(n-1), "MiB")
	}
}

// view reads the page's events until ctx ends, and loads every screen once.
func view(t *testing.T, ctx context.Context, base, serial string) {
	t.Helper()
	get := func(path string) *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("GET %s: %v, %v", path, resp, err)
		}
		return resp
	}
	for _, path := range []string{"", "app.js", "app.css", "vendor/uPlot.iife.min.js", "api/history?gateway=" + serial, "api/history?period=days&gateway=" + serial, "api/history?period=months&gateway=" + serial, "api/inverters?gateway=" + serial, "api/status"} {
		resp := get(path)
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
	events := get("api/events?view=page&gateway=" + serial)
	go func() {
		defer events.Body.Close()
		lines := bufio.NewScanner(events.Body)
		for lines.Scan() {
		}
	}()
}

// fillHistory writes a full history of a gateway to the state folder: 31 days at a
// minute, 400 days, and eight days of 24 inverters.
func fillHistory(t *testing.T, state, serial string) {
	t.Helper()
	kept := &history.Store{Dir: state, Log: zerolog.Nop()}
	kept.Load()
	now := time.Now()
	sample := func(i float64) envoy.Sample {
		meter := func(m envoy.Measurement, power float64, counters map[envoy.Quantity]float64) envoy.Meter {
			meter := envoy.Meter{Measurement: m}
			meter.Total.Set(envoy.Power, power)
			for q, v := range counters {
				meter.Total.Set(q, v)
			}
			return meter
		}
		return envoy.Sample{Meters: []envoy.Meter{
			meter(envoy.Production, 600+i, map[envoy.Quantity]float64{envoy.Energy: i}),
			meter(envoy.NetConsumption, 100-i, map[envoy.Quantity]float64{envoy.EnergyImport: i / 10, envoy.EnergyExport: i / 5}),
			meter(envoy.Storage, 50+i, map[envoy.Quantity]float64{envoy.EnergyCharged: i / 3, envoy.EnergyDischarged: i / 4}),
			meter(envoy.House, 750, nil),
		}}
	}
	for day := range 400 {
		kept.Add(serial, sample(float64(day)), now.AddDate(0, 0, day-431))
	}
	for i := range 31 * 24 * 60 {
		at := now.AddDate(0, 0, -31).Add(time.Duration(i) * time.Minute)
		if i%5 == 0 {
			kept.AddLevel(serial, 50, at)
		}
		kept.Add(serial, sample(400+float64(i)/1000), at)
	}
	for i := range 24 * 360 {
		kept.Add(serial, sample(450+float64(i)/10000), now.Add(time.Duration(i-24*360)*10*time.Second))
	}
	for i := range 8 * 96 {
		at := now.AddDate(0, 0, -8).Add(time.Duration(i) * 15 * time.Minute)
		var list []device.Inverter
		for k := range 24 {
			list = append(list, device.Inverter{Serial: fmt.Sprintf("1222%08d", k), Reported: at, Power: wire.Some(float64(100 + k))})
		}
		kept.AddInverters(serial, list, at)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := kept.Run(ctx); err != nil { // saves
		t.Fatal(err)
	}
}

// TestPageReading measures what the page adds to the CPU time of a reading if nobody
// looks at it. Both programs run in turn.
func TestPageReading(t *testing.T) {
	render(t)
	broker := startMosquitto(t)
	g := newInstant(t, 1)
	got := subscribe(t, broker, g.liveTopic())
	section := "[HOMEASSISTANT]\nINTERVAL = 200ms\n" + g.section("ENVOY", pause)
	without := configure(t, broker, section)
	with := configure(t, broker, pageSection(proctest.FreePort(t))+section)
	without.keepToken(t, g)
	with.keepToken(t, g)
	costs := map[string][]cost{}
	for range turns() {
		for name, command := range map[string]func() *exec.Cmd{"without": without.command, "with": with.command} {
			costs[name] = append(costs[name], turn(t, start(t, command()), g, got))
		}
	}
	cpu := func(c cost) time.Duration { return c.cpu }
	t.Logf("cpu a reading: %v without the page, %v with it", median(each(costs["without"], cpu)), median(each(costs["with"], cpu)))
	atMost(t, "cpu per reading with the page and no viewer", ratio(costs["with"], costs["without"], cpu), 1.15, 1.05, "x without")
}
