package command

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// A person sits at a terminal and sees what programs write.
type person struct {
	*os.File
	program *os.File // the programs' end
	seen    proctest.Transcript
}

// newPerson returns a person at a terminal of this size.
func newPerson(t *testing.T, width, height int) *person {
	t.Helper()
	p := new(person)
	p.File, p.program = newTerminal(t)
	p.resize(t, width, height)
	go func() { // ends when the terminal is closed
		buf := make([]byte, 4096)
		for {
			n, err := p.Read(buf)
			if err != nil {
				return
			}
			_, _ = p.seen.Write(buf[:n]) // a buffer takes all
		}
	}()
	return p
}

func (p *person) resize(t *testing.T, width, height int) {
	t.Helper()
	if err := unix.IoctlSetWinsize(int(p.program.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: uint16(height), Col: uint16(width)}); err != nil {
		t.Fatal(err)
	}
}

// attach makes the terminal that of cmd.
func (p *person) attach(cmd *exec.Cmd) {
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.program, p.program, p.program
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
}

// leaveScreen is what the program sends when it leaves its screen.
const leaveScreen = "\x1b[?7h\x1b[?25h\x1b[?1049l"

// escapes are the sequences that the program sends.
var escapes = regexp.MustCompile(`\x1b\[(\??)([0-9;]*)([A-Za-z])`)

// draw returns what a terminal of this size shows after text, without colours and
// without blank lines at the end. Lines that are too long are cut, as without
// automatic wrapping: the cursor stays on the last column.
func draw(text string, width, height int) string {
	cells := make([][]rune, height)
	clearFrom := func(row, col int) {
		for r := row; r < height; r++ {
			line := []rune(strings.Repeat(" ", width))
			if r == row {
				copy(line, cells[r][:min(col, len(cells[r]))])
			}
			cells[r] = line
		}
	}
	clearFrom(0, 0)
	row, col := 0, 0
	for text != "" {
		if m := escapes.FindStringSubmatch(text); m != nil && strings.HasPrefix(text, m[0]) {
			text = text[len(m[0]):]
			switch m[3] {
			case "H":
				at, _, _ := strings.Cut(m[2], ";")
				n, _ := strconv.Atoi(at) // none is the first
				row, col = max(0, n-1), 0
			case "K":
				from := min(col, width-1)
				if m[2] == "2" {
					from = 0
				}
				copy(cells[row][from:], []rune(strings.Repeat(" ", width)))
			case "J":
				if m[2] == "2" {
					clearFrom(0, 0)
				} else {
					clearFrom(row, col)
				}
			}
			continue
		}
		r, n := utf8.DecodeRuneInString(text)
		text = text[n:]
		switch r {
		case '\r':
			col = 0
		case '\n':
			if row++; row == height {
				row--
				copy(cells, cells[1:])
				cells[row] = []rune(strings.Repeat(" ", width))
			}
		default:
			if col < width {
				cells[row][col] = r
			}
			col++
		}
	}
	var lines []string
	for _, line := range cells {
		lines = append(lines, strings.TrimRight(string(line), " "))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n"
}

// plain returns text without escape sequences and carriage returns.
func plain(text string) string {
	return strings.ReplaceAll(escapes.ReplaceAllString(text, ""), "\r", "")
}
