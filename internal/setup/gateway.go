package setup

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/locate"
	"github.com/envoy-mqtt/envoy-mqtt/internal/gateway"
)

// A Found is a gateway that responds to multicast DNS, and what its /info says.
type Found struct {
	Serial    string       `json:"serial,omitempty"`
	Firmware  string       `json:"firmware,omitempty"`
	Host      string       `json:"host,omitempty"`
	Addresses []netip.Addr `json:"addresses,omitempty"`
	URL       string       `json:"url,omitempty"`         // where /info was read
	Token     *bool        `json:"needs_token,omitempty"` // as /info says
	Error     string       `json:"error,omitempty"`       // why it could not be read
}

// FindGateways finds the gateways on this network and reads the /info of each.
func FindGateways(ctx context.Context) ([]Found, error) {
	announced, err := locate.Discover(ctx)
	if err != nil {
		return nil, err
	}
	found := make([]Found, len(announced))
	var checks sync.WaitGroup
	for i, a := range announced {
		checks.Go(func() {
			f := Found{Serial: a.Serial, Firmware: a.Firmware, Host: a.Host, Addresses: a.Addrs}
			if info, url, err := a.Open(ctx); err != nil {
				f.Error = err.Error()
			} else {
				f.Serial, f.Firmware, f.URL, f.Token = info.Serial, info.Firmware, url, &info.NeedsToken
			}
			found[i] = f
		})
	}
	checks.Wait()
	return found, nil
}

// reachTimeout limits each request to a gateway that a user has just entered.
const reachTimeout = 10 * time.Second

// A ReachedGateway is a gateway that has answered.
type ReachedGateway struct{ Serial, Firmware, URL string }

// UseFound selects a gateway that was found.
func (d *Draft) UseFound(f Found) { d.Gateway.Host, d.Gateway.Serial = locate.Auto, f.Serial }

// UseHost selects the gateway at an address as [config.ParseHost] returns it.
func (d *Draft) UseHost(host string) {
	if host != d.Gateway.Host {
		d.Gateway.Host, d.Gateway.Serial = host, ""
	}
}

// Reach reads the identity of the selected gateway, for which it needs no access.
func (d *Draft) Reach(ctx context.Context) (ReachedGateway, error) {
	g := d.Gateway
	g.Timeout = reachTimeout
	client := gateway.NewClient(g, nil)
	client.Serial = g.Serial
	defer client.CloseIdle()
	session, err := client.Open(ctx)
	if err != nil {
		d.NeedsToken, d.Serial = true, "" // as all current firmware does
		return ReachedGateway{}, err
	}
	d.NeedsToken, d.Serial = session.NeedsToken, session.Serial
	d.problems[gatewayPart] = ""
	return ReachedGateway{session.Serial, session.Firmware, session.URL()}, nil
}

// KeepGateway keeps a gateway that was not reached.
func (d *Draft) KeepGateway() {
	d.problems[gatewayPart] = "The gateway at " + d.Gateway.Host + " did not answer."
}
