package terminal

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"
)

// redrawInterval is how often a screen is drawn: ages are counted in seconds, and
// a new size of the terminal is noticed.
const redrawInterval = 250 * time.Millisecond

const (
	// enterScreen switches to the alternate screen, hides the cursor and does not
	// wrap lines, so that a narrower terminal does not break them.
	enterScreen = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J"
	leaveScreen = "\x1b[?7h\x1b[?25h\x1b[?1049l"
)

// A Screen shows text on a terminal until a person quits.
type Screen struct {
	in   *os.File // nil: keys are not read
	out  *os.File
	draw func(width int) []string // called by Show only

	offset        int // of the first line that is shown
	width, height int // of the terminal, when it was last drawn
}

// NewScreen returns a screen on out, which must be a terminal, with the lines that
// draw returns for a width in columns. Keys are read from in if it is a terminal.
func NewScreen(in io.Reader, out io.Writer, draw func(width int) []string) (*Screen, error) {
	f, ok := out.(*os.File)
	if !ok {
		return nil, errors.New("standard output is not a terminal")
	}
	s := &Screen{out: f, draw: draw}
	if in, ok := in.(*os.File); ok && IsTerminal(in) {
		s.in = in
	}
	return s, nil
}

// Show draws until ctx ends, q or Ctrl-C is pressed, or the terminal is closed. It
// leaves the terminal as it was.
func (s *Screen) Show(ctx context.Context) error {
	if s.in != nil {
		state, err := term.MakeRaw(int(s.in.Fd()))
		if err != nil {
			return err
		}
		defer func() { _ = term.Restore(int(s.in.Fd()), state) }() // fails if the terminal is closed
	}
	if _, err := s.out.WriteString(enterScreen); err != nil {
		return nil //nolint:nilerr // the terminal is closed
	}
	defer func() { _, _ = s.out.WriteString(leaveScreen) }() // fails if the terminal is closed
	keys := s.readKeys(ctx)
	tick := time.NewTicker(redrawInterval)
	defer tick.Stop()
	for {
		if err := s.redraw(); err != nil {
			return nil //nolint:nilerr // the terminal is closed
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case key, open := <-keys:
			if !open || !s.handle(key) {
				return nil
			}
		}
	}
}

// redraw draws all lines that fit, and which keys there are.
func (s *Screen) redraw() error {
	width, height, err := term.GetSize(int(s.out.Fd()))
	if err != nil {
		return err
	}
	if width == 0 || height == 0 { // a terminal without a size
		width, height = DefaultWidth, 24
	}
	var frame strings.Builder
	if width != s.width || height != s.height {
		frame.WriteString("\x1b[2J")
		s.width, s.height = width, height
	}
	lines := s.draw(max(width, minLayoutWidth))
	room := max(1, height-1) // below it are the keys
	s.offset = max(0, min(s.offset, len(lines)-room))
	shown := lines[s.offset:min(len(lines), s.offset+room)]
	frame.WriteString("\x1b[H")
	for _, line := range shown {
		frame.WriteString("\x1b[2K" + Clip(line, width) + "\x1b[0m\r\n") // clearing after a full line would take its last column
	}
	frame.WriteString("\x1b[J")
	if height > 1 {
		keys := "q quit"
		if s.in == nil {
			keys = "Ctrl-C quit"
		} else if len(lines) > room {
			keys += "   ↑ ↓ scroll"
		}
		frame.WriteString("\x1b[" + strconv.Itoa(height) + ";1H\x1b[2K" + Clip(keys, width))
	}
	_, err = s.out.WriteString(frame.String())
	return err
}

// readKeys returns what is typed, one read a time. It ends with the terminal, or
// with the process: a read cannot be interrupted.
func (s *Screen) readKeys(ctx context.Context) <-chan []byte {
	if s.in == nil {
		return nil
	}
	keys := make(chan []byte)
	go func() {
		defer close(keys)
		for {
			buf := make([]byte, 64)
			n, err := s.in.Read(buf)
			if err != nil {
				return
			}
			select {
			case keys <- buf[:n]:
			case <-ctx.Done():
				return
			}
		}
	}()
	return keys
}

// handle handles typed keys. It reports whether the screen continues. Keys without a
// meaning are ignored.
func (s *Screen) handle(typed []byte) bool {
	const ctrlC, ctrlD, ctrlL, escape = 3, 4, 12, 27
	for len(typed) > 0 {
		if typed[0] == escape {
			n := escapeLength(typed)
			switch string(typed[:n]) {
			case "\x1b[A", "\x1bOA":
				s.offset--
			case "\x1b[B", "\x1bOB":
				s.offset++
			case "\x1b[5~":
				s.offset -= s.height
			case "\x1b[6~":
				s.offset += s.height
			}
			typed = typed[n:]
			continue
		}
		switch typed[0] {
		case 'q', 'Q', ctrlC, ctrlD:
			return false
		case 'k':
			s.offset--
		case 'j':
			s.offset++
		case ctrlL:
			s.width = 0 // draws everything
		}
		typed = typed[1:]
	}
	return true
}

// escapeLength returns the length of the escape sequence that typed begins with.
func escapeLength(typed []byte) int {
	if len(typed) < 2 || !bytes.ContainsRune([]byte("[O"), rune(typed[1])) {
		return min(2, len(typed))
	}
	for i := 2; i < len(typed); i++ {
		if typed[i] >= 0x40 && typed[i] <= 0x7e {
			return i + 1
		}
	}
	return len(typed)
}
