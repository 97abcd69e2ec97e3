package command

import (
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/terminal"
)

func TestHelp(t *testing.T) {
	root := rootCommand(&console{out: io.Discard, err: io.Discard})
	for _, width := range []int{40, 60, 80, terminal.MaxWidth} {
		for _, cmd := range append(root.Commands(), root) {
			text := helpText(cmd, width)
			for line := range strings.Lines(text) {
				isCommand := strings.HasPrefix(line, "Usage:") || strings.HasPrefix(line, "Example:") // never broken, so that it can be copied
				if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width && (!isCommand || width >= 60) {
					t.Errorf("%s: %d columns at width %d: %s", cmd.CommandPath(), n, width, line)
				}
			}
		}
	}
	for _, cmd := range root.Commands() {
		verb, _, _ := strings.Cut(cmd.Short, " ")
		if cmd.GroupID == "" && !cmd.Hidden || cmd.Example == "" || strings.HasSuffix(verb, "s") || strings.HasSuffix(cmd.Short, ".") {
			t.Errorf("%s: group %q, example %q, %q, want all three, and an imperative without a full stop", cmd.Name(), cmd.GroupID, cmd.Example, cmd.Short)
		}
		if name, example := cmd.CommandPath(), cmd.Example; !strings.Contains(example, name) || strings.Contains(example, "\n") {
			t.Errorf("%s: example %q, want one line", name, example)
		}
	}
	if help, want := helpText(root, 40), "\n  discover     Find gateways on the\n               local network by\n               multicast DNS\n"; !strings.Contains(help, want) {
		t.Errorf("help at 40 columns lacks %q:\n%s", want, help)
	}
	help := helpText(root, 80)
	at := 0
	for _, want := range []string{"Usage:   envoy-mqtt [command] [flags]", "\nStart\n  init ", "  demo ", "\nInspect\n  check ", "\nRun\n  run ", "\nIntegrate\n  consumers ", "--config", "--version"} {
		i := strings.Index(help[at:], want)
		if i < 0 {
			t.Fatalf("help has no %q after column %d:\n%s", want, at, help)
		}
		at += i
	}
}

// TestNoConfiguration checks what the program prints at its first start.
func TestNoConfiguration(t *testing.T) {
	h := newHouse(t, new(envoytest.Gateway))
	for _, args := range [][]string{nil, {"check"}, {"--log-level", "debug"}} {
		cmd := h.command(t, "", args...)
		cmd.Args = cmd.Args[:len(cmd.Args)-2] // without --config
		cmd.Dir = t.TempDir()
		out, _ := cmd.CombinedOutput() // the code is compared
		const want = "envoy-mqtt: no configuration found: no config.ini, no /etc/envoy-mqtt/config.ini, no variable ENVOY_MQTT_<SECTION>__<KEY>; " +
			"run envoy-mqtt init to write one, or envoy-mqtt demo to try the program without\n"
		if code := cmd.ProcessState.ExitCode(); code != 2 || string(out) != want {
			t.Errorf("envoy-mqtt %v: code %d, want 2 and\n%sgot\n%s", args, code, want, out)
		}
	}
}

// TestNamedConfigurationIsMissing: the error says how to write it.
func TestNamedConfigurationIsMissing(t *testing.T) {
	h := newHouse(t, new(envoytest.Gateway))
	for _, args := range [][]string{{"run"}, {"check"}} {
		cmd := h.command(t, "", args...)
		cmd.Args[len(cmd.Args)-1] = "none.ini"
		out, _ := cmd.CombinedOutput() // the code is compared
		const want = "envoy-mqtt: open none.ini: no such file or directory; run envoy-mqtt init --config none.ini to write it\n"
		if code := cmd.ProcessState.ExitCode(); code != 2 || string(out) != want {
			t.Errorf("envoy-mqtt %v: code %d, %q, want 2 and %q", args, code, out, want)
		}
	}
}

// TestEachErrorHasTheName checks that each of several configuration errors begins
// with the program's name.
func TestEachErrorHasTheName(t *testing.T) {
	h := newHouse(t, new(envoytest.Gateway))
	_, _, stderr := h.run(t, "USRNAME = x\nHSOT = y\n", "run")
	if lines := strings.Count(stderr, "\n"); lines != 2 || strings.Count(stderr, "envoy-mqtt: ") != 2 {
		t.Errorf("run: %q, want two lines that begin with envoy-mqtt:", stderr)
	}
}

// TestLogFlags checks that flags override the configuration's level and format.
func TestLogFlags(t *testing.T) {
	h := newHouse(t, new(envoytest.Gateway))
	h.config = strings.Replace(h.config, "LOG_LEVEL = debug\nLOG_FORMAT = json\n", "LOG_LEVEL = error\n", 1)
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"run", "--log-level", "info"}, " INF envoy-mqtt starts config="},
		{[]string{"--log-level", "info", "--log-format=json"}, `"message":"envoy-mqtt starts"`},
		{[]string{"run", "--log-level", "info", "--log-format", "auto"}, " INF envoy-mqtt starts config="},
	} {
		p := proctest.Start(t, h.command(t, withAccount, tt.args...))
		p.Await(tt.want)
		p.Stop()
		if strings.Contains(p.Output(), "\x1b") {
			t.Errorf("%v: there are colors in a file", tt.args)
		}
	}
}
