package command

import (
	"context"
	"net/http"
	"net/netip"

	"github.com/envoy-mqtt/envoy-mqtt/internal/monitor"
)

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
