package main

import (
	"context"
	"net/http"
	"net/netip"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/monitor"
)

// The network of Home Assistant's apps, the address of its Supervisor in it, and the
// ingress_port of our app's config.yaml.
var (
	appsNetwork       = netip.MustParsePrefix("172.30.32.0/23")
	supervisorAddress = netip.MustParseAddr("172.30.32.2")
	ingressPort       = "9798"
)

// serveIngress serves page in Home Assistant, whose app the program is, or how to turn
// the page on if it is nil.
func serveIngress(ctx context.Context, page http.Handler, log zerolog.Logger) {
	if page == nil {
		page = http.HandlerFunc(pageIsOff)
	}
	i := monitor.Ingress{Network: appsNetwork, Supervisor: supervisorAddress, Port: ingressPort, Page: page, Log: log}
	i.ListenAndServe(ctx)
}

// pageIsOff explains what to do, because Home Assistant displays the panel always.
func pageIsOff(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "The page is off. Turn on Page in the configuration of the app, and restart it.", http.StatusServiceUnavailable)
}
