package prompt

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReadLine(t *testing.T) {
	r := strings.NewReader("first\r\n\n  third \nlast")
	for _, want := range []string{"first", "", "third", "last"} {
		if got, err := readLine(r); got != want || err != nil {
			t.Errorf("readLine = %q, %v, want %q", got, err, want)
		}
	}
	if got, err := readLine(r); got != "" || !errors.Is(err, io.EOF) {
		t.Errorf("readLine at the end = %q, %v, want io.EOF", got, err)
	}
	if _, err := readLine(iotest.ErrReader(io.ErrClosedPipe)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("readLine = %v, want the reader's error", err)
	}
	if got, err := readLine(strings.NewReader(strings.Repeat("x", maxLine+1))); len(got) != maxLine || err != nil {
		t.Errorf("readLine of a long line: %d bytes, %v, want %d", len(got), err, maxLine)
	}
}
