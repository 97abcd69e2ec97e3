package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

const (
	largestValue = 64 << 10 // bytes of a file that holds the value of one key
	largestFile  = 1 << 20  // bytes of a configuration, and of any other file that is read
)

var errNotRegular = errors.New("not a regular file")

// readFile reads the regular file at path, or the one that a symbolic link leads to. A file of more than limit bytes is
// an error, and so is anything else, such as a pipe, that could keep its reader waiting.
func readFile(path string, limit int64) ([]byte, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errNotRegular}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if int64(len(data)) > limit {
		return nil, &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("larger than %d KiB", limit>>10)}
	}
	return data, err
}

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
