package terminal

import "testing"

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		text  string
		width int
		want  string
	}{
		{"", 10, ""},
		{"one two three", 13, "one two three"},
		{"one two three", 12, "one two\n  three"},
		{"one two three four", 7, "one two\n  three\n  four"},
		{"a-very-long-word b", 5, "a-very-long-word\n  b"},
		{"one\ntwo three", 9, "one\n  two\n  three"},
		{"über Öl am", 7, "über Öl\n  am"},
	} {
		if got := Wrap(tt.text, tt.width, "  "); got != tt.want {
			t.Errorf("Wrap(%q, %d) = %q, want %q", tt.text, tt.width, got, tt.want)
		}
	}
}
