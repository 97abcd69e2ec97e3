package main

import (
	"slices"
	"strings"
	"testing"
)

// widest returns the longest line of text in columns.
func widest(text string) (line string, width int) {
	for l := range strings.Lines(text) {
		if l = strings.TrimRight(l, "\n"); columns(l) > width {
			line, width = l, columns(l)
		}
	}
	return line, width
}

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
		if got := wrapLines(tt.first, tt.rest, tt.text, tt.width); !slices.Equal(got, tt.want) {
			t.Errorf("%s: wrapLines = %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestColumns(t *testing.T) {
	for text, want := range map[string]int{"abc": 3, "\x1b[31mok\x1b[0m": 2, "▁█": 2, "家": 2, "e\u0301": 1} {
		if got := columns(text); got != want {
			t.Errorf("columns(%q) = %d, want %d", text, got, want)
		}
	}
	if got := clip("\x1b[31mabcdef\x1b[0m", 3); got != "\x1b[31mabc\x1b[0m" {
		t.Errorf("clip = %q", got)
	}
}

// TestDirections: each power has a word for its direction.
func TestDirections(t *testing.T) {
	live, err := parseLive([]byte(`{"ts":"2026-11-23T12:00:00Z","grid":{"power":-300.4},"production":{"power":1200},"storage":{"power":-525},"consumption":{"power":374.6}}`))
	if err != nil {
		t.Fatal(err)
	}
	const want = "Grid 300 W exporting, Solar 1200 W producing, Battery 525 W charging, Consumption 375 W using"
	if got := live.summary(); got != want {
		t.Errorf("summary = %q, want %q", got, want)
	}
}

func TestSparkline(t *testing.T) {
	for _, tt := range []struct {
		values []float64
		want   string
	}{
		{nil, ""},
		{[]float64{100, 101}, "▁▁"}, // noise
		{[]float64{-700, 0, 700}, "▁▅█"},
	} {
		if got := sparkline(tt.values); got != tt.want {
			t.Errorf("sparkline(%v) = %s, want %s", tt.values, got, tt.want)
		}
	}
}
