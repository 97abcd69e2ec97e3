package envoy

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Pages are the paths that are known to tell something, quick ones first. Most
// gateways have only some of them.
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
	"/production.json?details=1",
	"/production.json",
	"/production",
	"/inventory.json?deleted=1",
	"/home.json",
}

// A Page is an answer as it came, whatever it is.
type Page struct {
	Code   int
	Header http.Header
	Body   []byte
	Took   time.Duration
}

// Page asks for path as samples are asked for, with a token where one is needed.
func (s *Session) Page(ctx context.Context, path string) (Page, error) {
	hc, r := &s.client.plain, request{method: http.MethodGet, base: s.base, path: path}
	if s.NeedsToken {
		p, err := s.pass(ctx, pass{})
		if err != nil {
			return Page{}, err
		}
		r.token = p.token
	} else {
		hc = s.client.withDigest()
	}
	ctx, cancel := context.WithTimeout(ctx, usualTimeout)
	defer cancel()
	start := time.Now()
	resp, err := r.ask(ctx, hc)
	if err != nil {
		return Page{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return Page{}, fmt.Errorf("%s: the answer broke off: %w", path, err)
	}
	return Page{resp.StatusCode, resp.Header, body, time.Since(start)}, nil
}
