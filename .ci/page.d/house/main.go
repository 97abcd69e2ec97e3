// The house command serves the page of invented gateways at an address, with a
// password and the address of Home Assistant's Supervisor if they are given. Lines on standard input
// change them: fresh, stale, offline, no-battery, only-solar, only-house, asleep,
// two, long.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web/webtest"
)

func main() {
	l, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	page := &web.Server{History: webtest.History{}, Version: "1.4.0", Problems: new(web.Problems), Info: info, Actions: actions()}
	if len(os.Args) > 2 {
		page.Password = os.Args[2]
	}
	if len(os.Args) > 3 {
		page.Access.Supervisor = netip.MustParseAddr(os.Args[3])
	}
	page.Problems.Add("warn", "gateway read failed, retrying", "error=\"read /ivp/meters/readings: no complete response within 5s\" gateway=ENVOY")
	page.Problems.Add("warn", "net consumption is not available", "error=\"the CT is disabled\" gateway=ENVOY")
	for i := range 60 {
		page.Requested("ENVOY", "/ivp/meters/readings", time.Duration(38+i)*time.Millisecond, nil)
		page.Requested("ENVOY", "/production.json", time.Duration(1200+60*i)*time.Millisecond, nil)
	}
	page.SetTitle("ENVOY", "House")
	h := house{page: page, mode: "fresh"}
	h.turn()
	go func() {
		for range time.Tick(time.Second) {
			h.turn()
		}
	}()
	go func() {
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			h.set(lines.Text())
		}
		os.Exit(0) // the driver has ended
	}()
	fmt.Fprintln(os.Stderr, http.Serve(l, page.Handler()))
	os.Exit(1)
}

type house struct {
	page *web.Server
	mu   sync.Mutex // guards the fields below
	mode string
	n    int
}

func (h *house) set(mode string) {
	h.mu.Lock()
	h.mode = mode
	h.mu.Unlock()
	h.turn()
}

// turn makes a reading.
func (h *house) turn() {
	h.mu.Lock()
	defer h.mu.Unlock()
	state := bridge.GatewayState{Name: "ENVOY", Serial: "482207014533", Firmware: "8.3.5286", Online: h.mode != "offline", Interval: time.Second, StaleAfter: 30 * time.Second}
	if h.mode == "offline" {
		state.Err = errors.New("connect to 192.168.1.57:443: no route to host")
	}
	h.page.StateChanged(state)
	battery := []device.Battery{{Serial: "492231045127", SoC: wire.Some(85.0), Power: wire.Some(-1178.0), Temperature: wire.Some(31.0), Reported: time.Now()}, {Serial: "492231045390", SoC: wire.Some(83.0), Power: wire.Some(-1178.0), Temperature: wire.Some(32.0), Reported: time.Now()}}
	totals := device.BatteryTotals{SoC: wire.Some(84.0)}
	if h.mode == "no-battery" || h.mode == "only-solar" || h.mode == "only-house" || h.mode == "asleep" {
		battery, totals = nil, device.BatteryTotals{}
	}
	h.page.Batteries(state.Name, state.Serial, battery, totals)
	if h.mode != "stale" && h.mode != "offline" {
		h.n++
		h.page.Polled(state, sample(h.mode, float64(h.n%7)*3))
	}
	if h.mode == "two" || h.mode == "long" {
		garage := bridge.GatewayState{Name: "ENVOY_GARAGE", Serial: "482207019876", Online: true, StaleAfter: 30 * time.Second}
		title := "Garage"
		if h.mode == "long" {
			title = "Garage behind the house, with the inverters of 2019"
		}
		h.page.SetTitle(garage.Name, title)
		h.page.Polled(garage, sample("only-solar", 5))
	}
}

func sample(mode string, extra float64) *envoy.Sample {
	meter := func(m envoy.Measurement, powers ...float64) envoy.Meter {
		meter := envoy.Meter{Measurement: m}
		sum := 0.0
		for i, w := range powers {
			var c envoy.Channel
			c.Set(envoy.Power, w)
			c.Set(envoy.Voltage, 232.4+1.3*float64(i))
			c.Set(envoy.Current, w/233)
			c.Set(envoy.PowerFactor, .98)
			meter.Phases = append(meter.Phases, c)
			sum += w
		}
		meter.Total.Set(envoy.Power, sum)
		return meter
	}
	s := &envoy.Sample{Time: time.Now(), Meters: []envoy.Meter{meter(envoy.Production, 2472+extra, 2464, 2464)}}
	switch mode {
	case "only-solar":
	case "asleep":
		s.Meters = []envoy.Meter{{Measurement: envoy.Production, Register: envoy.InverterRegister}}
	case "only-house":
		s.Meters = []envoy.Meter{meter(envoy.TotalConsumption, 980, 309, 526)}
	case "no-battery":
		s.Meters = append(s.Meters, meter(envoy.NetConsumption, -1492-extra, -2155, -1938), meter(envoy.TotalConsumption, 980, 309, 526))
	default:
		s.Meters = append(s.Meters, meter(envoy.NetConsumption, -706-extra, -1370, -1153), meter(envoy.Storage, -786, -785, -785), meter(envoy.House, 980, 309, 526))
	}
	return s
}

func info() web.Info {
	return web.Info{
		Started: time.Now().Add(-240 * time.Hour), Memory: 24_100_000,
		Broker: web.BrokerInfo{Address: "mqtts://192.168.1.10:8883", Connected: true, Published: 1_862_130},
		Gateways: map[string]web.GatewayInfo{"ENVOY": {
			Address: "192.168.1.57", Source: "auto",
			Token: &web.TokenInfo{State: "ok", Role: "owner", Expires: time.Now().Add(200 * 24 * time.Hour), Renewal: time.Now().Add(170 * 24 * time.Hour)},
		}},
	}
}

func actions() map[string]web.Action {
	return map[string]web.Action{
		"token": func(_ context.Context, _, token string) error {
			if token != "good" {
				return errors.New("the token is for gateway 482207019876, not 482207014533")
			}
			return nil
		},
		"renew": func(context.Context, string, string) error {
			return errors.New("the next login is possible in 40 s")
		},
		"reload": func(context.Context, string, string) error { return nil },
	}
}
