package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/metrics"
)

// The paths that are served.
const (
	metricsPath = "/metrics"
	healthzPath = "/healthz" // the process: is there a reason to start it anew?
	readyzPath  = "/readyz"  // fresh data of every gateway, and a broker to tell it
)

// newMetrics returns the metrics of ns, or nil when nobody can ask for them.
func newMetrics(cfg httpConfig, ns []*neighbour) *metrics.Metrics {
	if cfg.Listen == "" {
		return nil
	}
	m := metrics.New(programVersion())
	for _, n := range ns {
		n.metrics = m
	}
	return m
}

// listenAgain is how long a port that is taken, or an address that is not
// there yet, is left alone.
const listenAgain = 3 * time.Second

// serveHTTP serves metrics and health until ctx ends. That it cannot costs
// them and nothing else.
func serveHTTP(ctx context.Context, addr string, measures http.Handler, look func() health, log zerolog.Logger) {
	mux := http.NewServeMux()
	mux.Handle("GET "+metricsPath, measures)
	mux.HandleFunc("GET "+healthzPath, func(w http.ResponseWriter, _ *http.Request) { h := look(); h.write(w, h.alive()) })
	mux.HandleFunc("GET "+readyzPath, func(w http.ResponseWriter, _ *http.Request) { h := look(); h.write(w, h.ready()) })
	srv := &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       5 * time.Second,
		WriteTimeout:      10 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          stdlog.New(io.Discard, "", 0), // what a client does wrong is its own affair
	}
	l := listen(ctx, addr, log)
	if l == nil {
		return
	}
	log.Info().Stringer("address", l.Addr()).Msg("http: metrics and health are served")
	defer context.AfterFunc(ctx, func() { _ = srv.Close() })() // a scrape is lost, and the next one finds nobody
	if err := srv.Serve(l); ctx.Err() == nil {
		log.Error().Err(err).Msg("http: nothing is served any more")
	}
}

// listen opens the port, sooner or later. It returns nil when ctx ends before.
func listen(ctx context.Context, addr string, log zerolog.Logger) net.Listener {
	for said := false; ; said = true {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
		if err == nil {
			return l
		}
		if !said && ctx.Err() == nil {
			log.Error().Err(err).Msg("http: [HTTP] LISTEN cannot be had, trying on")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(listenAgain):
		}
	}
}

// write answers with h, as not available when something is wrong.
func (h health) write(w http.ResponseWriter, wrong error) {
	doc := struct {
		OK     bool   `json:"ok"`
		Reason string `json:"reason,omitempty"`
		health
	}{OK: wrong == nil, health: h}
	code := http.StatusOK
	if wrong != nil {
		code, doc.Reason = http.StatusServiceUnavailable, wrong.Error()
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(doc) // who does not listen any more does not miss it
}

// askHealth asks the program that listens at addr.
func askHealth(ctx context.Context, addr string) (health, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+reachableAt(addr)+healthzPath, nil)
	if err != nil {
		return health{}, err
	}
	resp, err := (&http.Client{Transport: new(http.Transport)}).Do(req) // no proxy between us and ourselves
	if err != nil {
		return health{}, fmt.Errorf("%w: the bridge is not running, or has another [HTTP] LISTEN", err)
	}
	defer resp.Body.Close()
	var h health
	if err := json.NewDecoder(resp.Body).Decode(&h); err != nil {
		return health{}, fmt.Errorf("%s%s is not the bridge's: %w", addr, healthzPath, err)
	}
	return h, nil
}

// reachableAt returns where this machine reaches what listens at addr.
func reachableAt(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr // it was looked at when the configuration was loaded
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}
