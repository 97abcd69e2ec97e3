package prompt

import (
	"errors"
	"io"
	"strings"
)

const maxLine = 16 << 10 // bytes; longer than any token

// readLine returns the next line of r without surrounding white space. It reads
// no further than the end of the line, so that another reader can continue there.
// The error is io.EOF if r ends before a line begins.
func readLine(r io.Reader) (string, error) {
	var line []byte
	for one := make([]byte, 1); len(line) < maxLine; {
		n, err := r.Read(one)
		if n == 1 && one[0] == '\n' {
			break
		}
		line = append(line, one[:n]...)
		if errors.Is(err, io.EOF) && len(line) > 0 {
			break
		}
		if err != nil {
			return "", err
		}
	}
	return strings.TrimSpace(string(line)), nil
}
