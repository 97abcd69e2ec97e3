//go:debug x509negativeserial=1
package transport

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A tlsGateway is a TLS server that counts what comes to it.
type tlsGateway struct {
	*httptest.Server
	conns      atomic.Int32 // accepted
	handshakes atomic.Int32 // completed, resumed ones too
	resumed    atomic.Int32
}

// newTLSGateway starts a server with the settings in cfg; nil is Go's usual ones.
func newTLSGateway(t *testing.T, cfg *tls.Config, h http.HandlerFunc) *tlsGateway {
	t.Helper()
	g := &tlsGateway{Server: httptest.NewUnstartedServer(h)}
	g.TLS = cfg.Clone()
	if g.TLS == nil {
		g.TLS = &tls.Config{}
	}
	if g.TLS.Certificates == nil {
		g.TLS.Certificates = []tls.Certificate{gatewayCert()}
	}
	g.TLS.VerifyConnection = func(cs tls.ConnectionState) error {
		g.handshakes.Add(1)
		if cs.DidResume {
			g.resumed.Add(1)
		}
		return nil
	}
	g.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			g.conns.Add(1)
		}
	}
	g.Config.ErrorLog = quiet()
	g.StartTLS()
	t.Cleanup(g.Close)
	return g
}

// dial goes to the server whatever the address.
func (g *tlsGateway) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, g.Listener.Addr().String())
}

func hello(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }

// fetch reads a URL whole through a transport.
func fetch(t *testing.T, tr *roundTripper, url string) (string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return string(b), err
}

// mustFetch is fetch from a server that greets.
func mustFetch(t *testing.T, tr *roundTripper, url string) {
	t.Helper()
	if got, err := fetch(t, tr, url); err != nil || got != "hello" {
		t.Fatalf("GET %s = %q, %v, want hello", url, got, err)
	}
}

func TestKeepAlive(t *testing.T) {
	g := newTLSGateway(t, nil, hello)
	tr := newRoundTripper(options{})
	defer tr.CloseIdleConnections()
	for range 200 {
		mustFetch(t, tr, g.URL)
	}
	if c, h := g.conns.Load(), g.handshakes.Load(); c != 1 || h != 1 {
		t.Errorf("200 requests took %d connections and %d handshakes, want 1 and 1", c, h)
	}
}

func TestOneConnection(t *testing.T) {
	g := newTLSGateway(t, nil, hello)
	tr := newRoundTripper(options{})
	defer tr.CloseIdleConnections()
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if got, err := fetch(t, tr, g.URL); err != nil || got != "hello" {
				t.Errorf("GET = %q, %v, want hello", got, err)
			}
		})
	}
	wg.Wait()
	if c := g.conns.Load(); c != 1 {
		t.Errorf("16 requests at once opened %d connections, want 1", c)
	}
}

func TestIdleConnectionClosed(t *testing.T) {
	g := newTLSGateway(t, nil, hello)
	tr := newRoundTripper(options{})
	defer tr.CloseIdleConnections()
	const rounds = 20
	for range rounds {
		mustFetch(t, tr, g.URL)
		g.CloseClientConnections()
	}
	if h, r := g.handshakes.Load(), g.resumed.Load(); h != rounds || r != rounds-1 {
		t.Errorf("%d requests, each on a connection of its own: %d handshakes, %d of them resumed, want %d and %d", rounds, h, r, rounds, rounds-1)
	}
}

func TestPlainHTTP(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(hello))
	defer srv.Close()
	tr := newRoundTripper(options{})
	defer tr.CloseIdleConnections()
	mustFetch(t, tr, srv.URL)
	if sum, ok := tr.certificate(); ok || sum != "" {
		t.Errorf("certificate() = %q, %t without TLS, want none", sum, ok)
	}
}

// net/http reads the environment once, so a process of its own has to have it.
func TestProxyIgnored(t *testing.T) {
	const proxy = "http://proxy.example:3128"
	if os.Getenv("HTTPS_PROXY") != proxy {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProxyIgnored$")
		cmd.Env = append(os.Environ(), "HTTPS_PROXY="+proxy, "HTTP_PROXY="+proxy, "NO_PROXY=", "no_proxy=", "https_proxy=", "http_proxy=")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("with HTTPS_PROXY set: %v\n%s", err, out)
		}
		return
	}
	var dialled []string
	stop := errors.New("far enough")
	tr := newRoundTripper(options{Dial: func(_ context.Context, _, addr string) (net.Conn, error) {
		dialled = append(dialled, addr)
		return nil, stop
	}})
	for _, url := range []string{"http://gateway.example/", "https://gateway.example/"} {
		if _, err := fetch(t, tr, url); !errors.Is(err, stop) {
			t.Errorf("GET %s = %v, want the dialler's error", url, err)
		}
	}
	if want := []string{"gateway.example:80", "gateway.example:443"}; !slices.Equal(dialled, want) {
		t.Errorf("dialled %q, want %q", dialled, want)
	}
}

func TestHugeHeaderRefused(t *testing.T) {
	g := newTLSGateway(t, nil, func(w http.ResponseWriter, _ *http.Request) {
		for i := range 10_000 {
			w.Header().Set(fmt.Sprintf("X-%d", i), "filler")
		}
	})
	tr := newRoundTripper(options{})
	defer tr.CloseIdleConnections()
	if _, err := fetch(t, tr, g.URL); err == nil {
		t.Error("GET with 10,000 headers in the answer: no error")
	}
}

func TestGzipNotExpanded(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	if _, err := z.Write(make([]byte, 16<<20)); err != nil {
		t.Fatal(err)
	}
	z.Close()
	g := newTLSGateway(t, nil, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Accept-Encoding"); got != "" {
			t.Errorf("Accept-Encoding: %s, want none", got)
		}
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(bomb.Bytes())
	})
	tr := newRoundTripper(options{})
	defer tr.CloseIdleConnections()
	if got, err := fetch(t, tr, g.URL); err != nil || len(got) != bomb.Len() {
		t.Errorf("GET = %d bytes, %v, want the %d that were sent", len(got), err, bomb.Len())
	}
}

func TestSilentHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newRoundTripper(options{Dial: func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go io.Copy(io.Discard, theirs) // ends when ours is closed
			return ours, nil
		}})
		start := time.Now()
		_, err := fetch(t, tr, "https://gateway")
		if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(err.Error(), "tls handshake: ") || took != handshakeTimeout {
			t.Errorf("GET from a silent gateway = %v after %v, want a tls handshake that ends after %v", err, took, handshakeTimeout)
		}
	})
}
