package command

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/netip"
	"os"
	"runtime/metrics"
	"syscall"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/blocking"
	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/gateway"
	"github.com/envoy-mqtt/envoy-mqtt/internal/history"
	"github.com/envoy-mqtt/envoy-mqtt/internal/monitor"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web/access"
)

// newPage returns the page of gateways, which displays problems, or nil if it is off.
func newPage(rc *runConfig, gateways []*gateway.Gateway, problems *web.Problems) *web.Server {
	cfg := rc.cfg
	if !cfg.HTTP.Page {
		return nil
	}
	page := &web.Server{
		Access:   access.Rules{Hosts: cfg.HTTP.Hosts, Origins: cfg.HTTP.CORS},
		Password: cfg.HTTP.Password.Reveal(),
		Problems: problems,
		Version:  rc.version,
	}
	if cfg.HTTP.Ingress {
		page.Access.Supervisor = supervisorAddress
	}
	for _, g := range gateways {
		page.SetTitle(g.Section, g.DeviceName)
	}
	for _, t := range cfg.Totals {
		page.SetTitle(t.Section, cmp.Or(t.DeviceName, "Total"))
		page.Totaled(bridge.GatewayState{Name: t.Section, Serial: schema.TotalLevel(t.Section)}, nil) // before there is a sum
	}
	return page
}

// pageActions returns what a signed-in user can start. hup receives the request to
// read the configuration again, unless load returns an error.
func pageActions(gateways []*gateway.Gateway, load func() (*runConfig, error), hup chan<- os.Signal) map[string]web.Action {
	find := func(section string) (*gateway.Gateway, error) {
		for _, g := range gateways {
			if g.Section == section {
				return g, nil
			}
		}
		return nil, errors.New("no such gateway")
	}
	return map[string]web.Action{
		"token": func(ctx context.Context, section, token string) error {
			g, err := find(section)
			if err != nil {
				return err
			}
			return g.StoreToken(ctx, g.KnownSerial(), token)
		},
		"renew": func(ctx context.Context, section, _ string) error {
			g, err := find(section)
			if err != nil {
				return err
			}
			return g.Tokens.RenewNow(ctx, g.KnownSerial())
		},
		"reload": func(ctx context.Context, _, _ string) error {
			if _, err := blocking.Call(ctx, load); err != nil {
				return err
			}
			time.AfterFunc(reloadDelay, func() {
				select {
				case hup <- syscall.SIGHUP:
				default: // one is waiting
				}
			})
			return nil
		},
	}
}

// reloadDelay lets the response reach the browser: a reload closes its connection.
const reloadDelay = 300 * time.Millisecond

// pageInfo returns what only the program knows.
func pageInfo(cfg config.Config, state bridge.State, gateways []*gateway.Gateway, started time.Time) web.Info {
	info := web.Info{
		Started:  started,
		Memory:   memoryInUse(),
		Broker:   web.BrokerInfo{Connected: state.Broker, Errors: state.BrokerErrors, Published: state.Published},
		Gateways: map[string]web.GatewayInfo{},
	}
	if cfg.MQTT.URL != nil {
		info.Broker.Address = cfg.MQTT.URL.Scheme + "://" + cfg.MQTT.URL.Host
	}
	for n, g := range gateways { // in the order of the bridge's
		source := cmp.Or(state.Gateways[n].Source, g.Source.String())
		info.Gateways[g.Section] = web.GatewayInfo{Address: g.Host, Source: source, Reason: state.Gateways[n].Reason, Token: tokenInfo(g.Tokens.Status())}
	}
	return info
}

func tokenInfo(s enlighten.Status) *web.TokenInfo {
	if s.State == enlighten.StateNone {
		return nil
	}
	return &web.TokenInfo{
		State: string(s.State), Reason: s.Reason, Problem: s.Problem,
		Role: string(s.Role), Expires: s.Expires, Renewal: s.Renewal,
	}
}

// memoryInUse returns the memory of the program in bytes, without what the runtime
// has returned to the system.
func memoryInUse() int64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return int64(samples[0].Value.Uint64() - samples[1].Value.Uint64())
}

// A historyObserver keeps what happens at the gateways for the page.
type historyObserver struct {
	bridge.BaseObserver
	history *history.Store
}

// Polled implements [bridge.Observer].
func (o historyObserver) Polled(state bridge.GatewayState, sample *envoy.Sample) {
	if sample != nil {
		o.history.Add(state.Serial, *sample, sample.Time)
	}
}

// Totaled implements [bridge.Observer].
func (o historyObserver) Totaled(state bridge.GatewayState, sum *envoy.Sample) { o.Polled(state, sum) }

// Inverters implements [bridge.Observer].
func (o historyObserver) Inverters(_, serial string, all []device.Inverter) {
	o.history.AddInverters(serial, all, time.Now())
}

// Batteries implements [bridge.Observer].
func (o historyObserver) Batteries(_, serial string, _ []device.Battery, totals device.BatteryTotals) {
	if level, ok := totals.SoC.Get(); ok {
		o.history.AddLevel(serial, level, time.Now())
	}
}

// The network of Home Assistant's apps, the address of its Supervisor in it, and the
// ingress_port of our app's config.yaml.
var (
	appsNetwork       = netip.MustParsePrefix("172.30.32.0/23")
	supervisorAddress = netip.MustParseAddr("172.30.32.2")
	ingressPort       = "9798"
)

// serveIngress serves the page in Home Assistant if the program is its app, or how to
// turn the page on.
func (s *service) serveIngress(ctx context.Context) {
	if !s.cfg.HTTP.Ingress {
		return
	}
	i := monitor.Ingress{Network: appsNetwork, Supervisor: supervisorAddress, Port: ingressPort, Page: http.HandlerFunc(pageIsOff), Log: s.log}
	if s.page != nil {
		i.Page = s.handler()
	}
	i.ListenAndServe(ctx)
}

// pageIsOff explains what to do, because Home Assistant displays the panel always.
func pageIsOff(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "The page is off. Turn on Page in the configuration of the app, and restart it.", http.StatusServiceUnavailable)
}
