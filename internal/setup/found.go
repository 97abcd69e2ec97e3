package setup

import (
	"context"
	"net/netip"
	"sync"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/locate"
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
