package envoy

import (
	"context"
	"errors"
	"fmt"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// parsed returns the response to get, parsed. The body is parsed while get runs, by
// the accept function that it is given: a body that is not in the format of the
// path is another request's response, which get discards, see [transport.Request].
func parsed[T any](get func(acceptFunc) error, parse func([]byte) (T, error)) (T, error) {
	var v T
	var err error
	failed := get(func(body []byte) bool {
		v, err = parse(body)
		return wire.HasFormat(err)
	})
	if failed != nil {
		var none T
		return none, failed
	}
	return v, err
}

// getParsed reads path, which every gateway with its firmware and meters has.
func getParsed[T any](ctx context.Context, r *requester, path string, parse func([]byte) (T, error)) (T, error) {
	return parsed(func(accept acceptFunc) error { return r.get(ctx, path, accept) }, parse)
}

// getOptional reads path, which the gateway may not have or not show: that is
// [ErrUnsupported], also when it is a 401, which does not concern the token
// where the primary path is read. A path that refused three times and never
// answered is not read again until the session is opened again.
func getOptional[T any](ctx context.Context, r *requester, path string, parse func([]byte) (T, error)) (T, error) {
	if o := r.optional[path]; !o.answered && o.refusals >= confirmations {
		var none T
		return none, fmt.Errorf("%s: %w", path, ErrUnsupported)
	}
	v, err := parsed(func(accept acceptFunc) error { return r.getOnce(ctx, path, accept) }, parse)
	if isUnsupported(err) {
		err = fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	switch {
	case err == nil:
		r.optional[path] = optionalState{answered: true}
	case errors.Is(err, ErrUnsupported):
		r.addRefusal(path)
	}
	return v, err
}

// addRefusal counts an answer by which the gateway does not have path.
func (r *requester) addRefusal(path string) {
	o := r.optional[path]
	o.refusals++
	r.optional[path] = o
}
