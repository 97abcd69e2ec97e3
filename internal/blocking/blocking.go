// Package blocking calls functions that cannot be interrupted.
package blocking

import "context"

// Call returns the results of f, or the error of ctx if ctx ends first. f then
// continues in the background, because some operations cannot be interrupted, such
// as reading a terminal or a file on a network share that does not respond.
func Call[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	results := make(chan result, 1)
	go func() {
		value, err := f()
		results <- result{value, err}
	}()
	select {
	case r := <-results:
		return r.value, r.err
	case <-ctx.Done():
		var zero T
		return zero, ctx.Err()
	}
}
