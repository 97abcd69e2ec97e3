package command

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/terminal"
)

// changing are the parts of a screen that differ each time, and what stands for
// them, as long as they are.
var changing = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\d`), "2026-11-23"},
	{regexp.MustCompile(`\d\d:\d\d:\d\d`), "12:00:00"},
	{regexp.MustCompile(`\b\d\d:\d\d \(`), "12:00 ("},
	{regexp.MustCompile(`127\.0\.0\.1:\d{5}`), "127.0.0.1:10000"},
	{regexp.MustCompile(`sha256:[0-9a-f]{64}`), "sha256:" + strings.Repeat("0", 64)},
	{regexp.MustCompile(`\d\.\d s`), "0.1 s"},
	{regexp.MustCompile(`(49\.9|50\.0)\d`), "50.00"}, // Hz
}

func unchanging(text string) string {
	for _, c := range changing {
		text = c.pattern.ReplaceAllString(text, c.with)
	}
	return text
}

// stillHouse returns a gateway whose house stands still on a summer evening.
func stillHouse() *envoytest.Gateway {
	return &envoytest.Gateway{
		Phases: 3, Batteries: 2, StorageCT: true, Speed: 1e-9,
		Start: time.Date(2026, time.June, 21, 18, 30, 0, 0, time.UTC),
	}
}

// onTerminal runs a command on a terminal and returns what a person sees.
func (h *house) onTerminal(t *testing.T, width, height int, extra string, args ...string) (code int, seen string) {
	t.Helper()
	p := newPerson(t, width, height)
	cmd := h.command(t, extra, args...)
	for i, a := range cmd.Args {
		if a == filepath.Join(h.dir, "config.ini") { // whose length differs
			cmd.Args[i] = "config.ini"
		}
	}
	cmd.Env = append(cmd.Env, "TZ=UTC", "TERM=xterm")
	p.attach(cmd)
	_ = cmd.Run() // the code is compared
	fmt.Fprint(p.program, "\x00")
	proctest.Await(t, "the end of the output", func() bool { return strings.HasSuffix(p.seen.String(), "\x00") })
	return cmd.ProcessState.ExitCode(), strings.TrimSuffix(p.seen.String(), "\x00")
}

// TestScreens holds what commands show on terminals of 80 and 40 columns.
func TestScreens(t *testing.T) {
	t.Parallel()
	h := newHouse(t, stillHouse())
	h.config = strings.ReplaceAll(h.config, filepath.Join(h.dir, "state"), "state")
	for _, width := range []int{80, 40} {
		for _, tt := range []struct {
			name, extra string
			args        []string
		}{
			{"read", withAccount, []string{"read"}},
			{"read-all", withAccount, []string{"read", "--all"}},
			{"check", withAccount, []string{"check"}},
			{"token", withAccount, []string{"token"}},
			{"consumers", withAccount, []string{"consumers"}},
		} {
			t.Run(fmt.Sprintf("%s-%d", tt.name, width), func(t *testing.T) {
				_, seen := h.onTerminal(t, width, 24, tt.extra, tt.args...)
				text := unchanging(plain(seen))
				golden(t, filepath.Join("testdata", "screens", fmt.Sprintf("%s-%d.txt", tt.name, width)), text)
				for line := range strings.Lines(text) {
					if line = strings.TrimRight(line, "\n"); terminal.Columns(line) > width && !strings.HasPrefix(line, "sha256:") {
						t.Errorf("a line of %d columns: %q", terminal.Columns(line), line)
					}
				}
			})
		}
	}
}

// TestProblemsAreReportedOnce: two gateways without access have the same problem,
// and a token that is missing is not reported again as a reading that failed.
func TestProblemsAreReportedOnce(t *testing.T) {
	h := newHouse(t, stillHouse())
	h.config = strings.ReplaceAll(h.config, filepath.Join(h.dir, "state"), "state")
	h.broker.close()
	code, seen := h.onTerminal(t, 80, 24, "", "check")
	text := unchanging(plain(seen))
	golden(t, filepath.Join("testdata", "screens", "check-problems-80.txt"), text)
	if n := strings.Count(text, "FAIL ENVOY"); code != 1 || n != 1 || !strings.HasSuffix(text, "\n2 problems: ENVOY, broker\n") {
		t.Errorf("check without access and broker: code %d, %d problems of ENVOY:\n%s", code, n, text)
	}
}

// TestColours: a terminal has colours, but not with NO_COLOR; a pipe has none.
func TestColours(t *testing.T) {
	h := newHouse(t, stillHouse())
	_, seen := h.onTerminal(t, 80, 24, withAccount, "check")
	if !strings.Contains(seen, "\x1b[32mok") || !strings.Contains(seen, "\x1b[32mEverything works.") || !strings.Contains(seen, "\x1b[33mnote") {
		t.Errorf("no colours on a terminal: %q", seen)
	}
	h.environ = append(h.environ, "NO_COLOR=1")
	if _, seen := h.onTerminal(t, 80, 24, withAccount, "check"); strings.Contains(seen, "\x1b") {
		t.Errorf("colours with NO_COLOR: %q", seen)
	}
	if _, out, errs := h.run(t, withAccount, "check"); strings.Contains(out+errs, "\x1b") {
		t.Errorf("colours in a pipe: %q", out+errs)
	}
}
