package monitor

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// getFrom returns the response of url to a client with an address of this machine,
// or the error.
func getFrom(t *testing.T, addr, url string) string {
	t.Helper()
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext:       (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(addr)}}).DialContext,
	}}
	resp, err := client.Get(url)
	if err != nil {
		return "error: " + err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// TestIngress checks that only the Supervisor reaches the page, whatever headers
// another peer sends. All of 127.0.0.0/8 is this machine's.
func TestIngress(t *testing.T) {
	port := proctest.FreePort(t)
	i := Ingress{
		Page:       http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "the page") }),
		Network:    netip.MustParsePrefix("127.0.0.0/8"),
		Supervisor: netip.MustParseAddr("127.0.0.2"),
		Port:       port,
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		i.ListenAndServe(ctx)
	}()
	url := "http://127.0.0.1:" + port
	proctest.Await(t, "the page for the Supervisor", func() bool { return getFrom(t, "127.0.0.2", url) == "the page" })
	for _, other := range []string{"127.0.0.1", "127.0.0.3"} {
		if got := getFrom(t, other, url); !strings.HasPrefix(got, "error: ") {
			t.Errorf("GET from %s = %q, want a closed connection", other, got)
		}
	}
	if got := getFrom(t, "127.0.0.2", "http://127.0.0.9:"+port); !strings.Contains(got, "refused") {
		t.Errorf("GET at another address of this machine = %q, want connection refused", got)
	}
	cancel()
	<-done
}

// TestNoNetwork checks that a machine without an address in the network does not
// listen at all.
func TestNoNetwork(t *testing.T) {
	i := Ingress{Network: netip.MustParsePrefix("203.0.113.0/24"), Log: zerolog.Nop()}
	if l, err := i.open(t.Context()); err == nil || err.Error() != "this machine has no address in 203.0.113.0/24, Home Assistant's network of apps" {
		t.Errorf("open = %v, %v", l, err)
	}
}
