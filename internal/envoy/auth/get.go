package auth

import (
	"context"
	"errors"
	"fmt"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/transport"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// Get reads path, which every gateway with its firmware and meters has.
func Get[T any](ctx context.Context, r *Requester, path string, parse func([]byte) (T, error)) (T, error) {
	return parsed(ctx, r.Send, path, parse)
}

// parsed returns the response to a request for path, parsed. The body is parsed while
// send runs: one that is not in the format of the path is another request's response,
// which is discarded, see [transport.Request].
func parsed[T any](ctx context.Context, send func(context.Context, transport.Request) error, path string, parse func([]byte) (T, error)) (T, error) {
	var v, none T
	var err error
	failed := send(ctx, transport.Request{Path: path, Accept: func(body []byte) bool {
		v, err = parse(body)
		return wire.HasFormat(err)
	}})
	if failed != nil {
		return none, failed
	}
	return v, err
}

// maxRefusals is how many answers in a row without a path decide that the gateway
// does not have it.
const maxRefusals = 3

// An optionalState records the answers of a path that not every gateway has.
type optionalState struct {
	answered bool
	refusals int
}

// GetOptional reads path, which the gateway may not have or not show: that is
// [wire.ErrUnsupported], also when it is a 401, which does not concern the token
// where the primary path is read. A path that refused three times and never
// answered is not read again by r.
func GetOptional[T any](ctx context.Context, r *Requester, path string, parse func([]byte) (T, error)) (T, error) {
	if o := r.optional[path]; !o.answered && o.refusals >= maxRefusals {
		var none T
		return none, fmt.Errorf("%s: %w", path, wire.ErrUnsupported)
	}
	v, err := parsed(ctx, r.SendOnce, path, parse)
	if IsUnsupported(err) {
		err = fmt.Errorf("%w: %w", wire.ErrUnsupported, err)
	}
	switch {
	case err == nil:
		r.optional[path] = optionalState{answered: true}
	case errors.Is(err, wire.ErrUnsupported):
		r.AddRefusal(path)
	}
	return v, err
}

// AddRefusal counts an answer by which the gateway does not have path.
func (r *Requester) AddRefusal(path string) {
	o := r.optional[path]
	o.refusals++
	r.optional[path] = o
}
