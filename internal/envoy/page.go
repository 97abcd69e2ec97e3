package envoy

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/transport"
)

// Pages are the paths with known content, fast ones first. Most gateways have only
// some of them.
var Pages = []string{
	"/info",
	"/api/v1/production",
	"/api/v1/production/inverters",
	"/ivp/meters",
	"/ivp/meters/readings",
	"/ivp/meters/reports",
	"/ivp/meters/gridReading",
	"/ivp/meters/pvReading",
	"/ivp/livedata/status",
	"/ivp/pdm/energy",
	"/ivp/pdm/device_data",
	"/ivp/ensemble/inventory",
	"/ivp/ensemble/power",
	"/ivp/ensemble/secctrl",
	"/ivp/ensemble/status",
	"/ivp/ensemble/generator",
	"/ivp/ss/dpel",
	"/ivp/ss/pel_settings",
	"/ivp/sc/pvlimit",
	"/ivp/mod/603980032/mode/power",
	"/production.json?details=1",
	"/production.json",
	"/production",
	"/inventory.json?deleted=1",
	"/home.json",
}

// A Page is a response as it arrived, whatever its status.
type Page struct {
	Code   int
	Header http.Header
	Body   []byte
	Took   time.Duration
}

// Page asks for path as samples are asked for, with a token where one is needed.
func (s *Session) Page(ctx context.Context, path string) (Page, error) {
	req, err := s.req.request(ctx, path)
	if err != nil {
		return Page{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, transport.DefaultTimeout)
	defer cancel()
	start := time.Now()
	resp, err := s.req.http.Fetch(ctx, req)
	if err != nil {
		return Page{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, transport.MaxBody))
	if err != nil {
		return Page{}, fmt.Errorf("%s: the response is incomplete: %w", path, err)
	}
	return Page{resp.StatusCode, resp.Header, body, time.Since(start)}, nil
}
