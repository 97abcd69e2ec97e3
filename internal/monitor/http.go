package monitor

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
)

// The paths of Serve.
const (
	metricsPath = "/metrics"
	healthzPath = "/healthz" // whether the process must be restarted
	readyzPath  = "/readyz"  // whether there is fresh data of every gateway on the broker
)

// listenRetryDelay is the interval between attempts to listen on a port that is in
// use, or on an address that does not exist yet.
const listenRetryDelay = 3 * time.Second

// A Server serves metrics and health.
type Server struct {
	Metrics http.Handler
	Health  func() Health
	Page    http.Handler // of all other paths; nil: there are none
	Log     zerolog.Logger
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+metricsPath, s.Metrics)
	mux.HandleFunc("GET "+healthzPath, func(w http.ResponseWriter, _ *http.Request) { h := s.Health(); h.write(w, h.Alive()) })
	mux.HandleFunc("GET "+readyzPath, func(w http.ResponseWriter, _ *http.Request) { h := s.Health(); h.write(w, h.Ready()) })
	if s.Page != nil {
		for _, path := range []string{metricsPath, healthzPath, readyzPath} { // not to the page
			mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Allow", "GET, HEAD")
				http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			})
		}
		mux.Handle("/", s.Page)
	}
	return mux
}

// ListenAndServe serves at addr until ctx ends. If it cannot, it logs that once and
// tries again.
func (s *Server) ListenAndServe(ctx context.Context, addr string) {
	l := listen(ctx, func() (net.Listener, error) { return new(net.ListenConfig).Listen(ctx, "tcp", addr) }, func(err error) {
		s.Log.Error().Err(err).Msg("cannot listen on the address of [HTTP] LISTEN, retrying")
	})
	if l != nil {
		s.Serve(ctx, l)
	}
}

// Serve serves on l until ctx ends, and closes l.
func (s *Server) Serve(ctx context.Context, l net.Listener) {
	s.Log.Info().Stringer("address", l.Addr()).Msg("metrics and health available over HTTP")
	serveHTTP(ctx, l, s.handler(), s.Log)
}

// serveHTTP serves on l until ctx ends, and closes l.
func serveHTTP(ctx context.Context, l net.Listener, h http.Handler, log zerolog.Logger) {
	srv := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       5 * time.Second,
		WriteTimeout:      10 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          stdlog.New(io.Discard, "", 0), // errors of clients
	}
	newConnections().limit(srv)
	defer context.AfterFunc(ctx, func() { _ = srv.Close() })()
	if err := srv.Serve(l); ctx.Err() == nil {
		log.Error().Err(err).Msg("HTTP server stopped")
	}
}

// listen calls open until it succeeds. It reports the first error. It returns nil if
// ctx ends before.
func listen(ctx context.Context, open func() (net.Listener, error), report func(error)) net.Listener {
	for reported := false; ; reported = true {
		l, err := open()
		if err == nil {
			return l
		}
		if !reported && ctx.Err() == nil {
			report(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(listenRetryDelay):
		}
	}
}

// write writes h as the response, with status 503 if problem is not nil.
func (h Health) write(w http.ResponseWriter, problem error) {
	doc := struct {
		OK     bool   `json:"ok"`
		Reason string `json:"reason,omitempty"`
		Health
	}{OK: problem == nil, Health: h}
	code := http.StatusOK
	if problem != nil {
		code, doc.Reason = http.StatusServiceUnavailable, problem.Error()
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(doc) // an error means that the client has disconnected
}

// RequestHealth returns the health of the program that listens at addr.
func RequestHealth(ctx context.Context, addr string) (Health, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+dialAddress(addr)+healthzPath, nil)
	if err != nil {
		return Health{}, err
	}
	resp, err := (&http.Client{Transport: new(http.Transport)}).Do(req) // without a proxy
	if err != nil {
		return Health{}, fmt.Errorf("%w; the bridge is not running, or has another [HTTP] LISTEN", err)
	}
	defer resp.Body.Close()
	var h Health
	if err := json.NewDecoder(resp.Body).Decode(&h); err != nil {
		return Health{}, fmt.Errorf("%s%s is not the bridge's: %w", addr, healthzPath, err)
	}
	return h, nil
}

// dialAddress returns the address at which this machine reaches a server that
// listens at addr.
func dialAddress(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr // the configuration has been checked
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}
