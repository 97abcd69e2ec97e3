package main

import (
	"bytes"
	"io"
)

// indented writes whole lines, set in.
type indented struct{ w io.Writer }

func (i indented) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		if _, err := i.w.Write(append([]byte("                    "), line...)); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}
