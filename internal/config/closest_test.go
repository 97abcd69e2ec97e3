package config

import "testing"

func TestClosest(t *testing.T) {
	known := []string{"HOST", "TOKEN", "USERNAME", "PASSWORD"}
	tests := []struct {
		word, want string
		ok         bool
	}{
		{"HSOT", "HOST", true},
		{"USER_NAME", "USERNAME", true},
		{"PASSWD", "PASSWORD", true},
		{"USER", "USERNAME", true},
		{"PASS", "PASSWORD", true},
		{"US", "HOST", false},
		{"X", "HOST", false},
		{"", "HOST", false},
	}
	for _, tt := range tests {
		if got, ok := Closest(tt.word, known); got != tt.want || ok != tt.ok {
			t.Errorf("Closest(%q) = %q, %v, want %q, %v", tt.word, got, ok, tt.want, tt.ok)
		}
	}
}
