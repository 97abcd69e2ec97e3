package auth

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/transport"
)

// A Page is a response as it arrived, whatever its status.
type Page struct {
	Code   int
	Header http.Header
	Body   []byte
	Took   time.Duration
}

// Page reads path, whatever is answered.
func (r *Requester) Page(ctx context.Context, path string) (Page, error) {
	req := transport.Request{Base: r.Base, Path: path}
	if _, err := r.authorize(ctx, &req, credential{}); err != nil {
		return Page{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, transport.DefaultTimeout)
	defer cancel()
	start := time.Now()
	resp, err := r.access.http.Fetch(ctx, req)
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
