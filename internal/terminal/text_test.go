package terminal

import (
	"slices"
	"testing"
)

func TestWrapLines(t *testing.T) {
	for _, tt := range []struct {
		name, first, rest, text string
		width                   int
		want                    []string
	}{
		{"short", "ok  ", "    ", "all is well", 20, []string{"ok  all is well"}},
		{"between words", "ok  ", "    ", "all is well in here", 15, []string{"ok  all is well", "    in here"}},
		{"exact width", "", "", "1234 678", 8, []string{"1234 678"}},
		{"long word", "ok  ", "    ", "see 1234567890123 now", 15, []string{"ok  see", "  1234567890123", "    now"}},
		{"longer than the terminal", "ok  ", "    ", "see 12345678901234567890", 15, []string{"ok  see", "12345678901234567890"}},
		{"control characters", "", "", "a\x1b[31mb\nc", 80, []string{"a[31mb c"}},
		{"nothing", "ok  ", "    ", "", 80, []string{"ok"}},
	} {
		if got := WrapLines(tt.first, tt.rest, tt.text, tt.width); !slices.Equal(got, tt.want) {
			t.Errorf("%s: WrapLines = %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestColumns(t *testing.T) {
	for text, want := range map[string]int{"abc": 3, "\x1b[31mok\x1b[0m": 2, "▁█": 2, "家": 2, "e\u0301": 1} {
		if got := Columns(text); got != want {
			t.Errorf("Columns(%q) = %d, want %d", text, got, want)
		}
	}
	if got := Clip("\x1b[31mabcdef\x1b[0m", 3); got != "\x1b[31mabc\x1b[0m" {
		t.Errorf("Clip = %q", got)
	}
}

func TestCommandLines(t *testing.T) {
	const command = "mosquitto_sub -p 1883 -t '#'"
	for width, want := range map[int][]string{
		80: {"  " + command},
		29: {" " + command},
		28: {command},
		20: {"mosquitto_sub -p", "  1883 -t '#'"},
	} {
		if got := CommandLines(2, command, width); !slices.Equal(got, want) {
			t.Errorf("CommandLines at %d columns: %q, want %q", width, got, want)
		}
	}
}
