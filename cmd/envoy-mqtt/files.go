package main

import "context"

// unlessDone returns what f returns, or ctx's error when ctx ends first. Then f runs on, as reading a file of a network
// share that does not answer cannot be interrupted; the program does not wait for it.
func unlessDone[T any](ctx context.Context, f func() (T, error)) (T, error) {
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
		var none T
		return none, ctx.Err()
	}
}

// load reads the configuration.
func (c *console) load(ctx context.Context) (config, error) {
	return unlessDone(ctx, func() (config, error) { return loadConfig(c.configPath, c.environ, nil) })
}
