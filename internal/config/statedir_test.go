package config

import "testing"

func TestStateDir(t *testing.T) {
	tests := []struct {
		key     string
		environ []string
		want    string
	}{
		{"/key", []string{"STATE_DIRECTORY=/a", "HOME=/home/u"}, "/key"},
		{"", []string{"HOME=/home/u", "STATE_DIRECTORY=/var/lib/a:/var/lib/b"}, "/var/lib/a"},
		{"", []string{"HOME=/home/u", "XDG_STATE_HOME=/state"}, "/state/envoy-mqtt"},
		{"", []string{"HOME=/home/u", "XDG_STATE_HOME=relative"}, "/home/u/.local/state/envoy-mqtt"},
		{"", nil, "/var/lib/envoy-mqtt"},
	}
	for _, tt := range tests {
		cfg, errs := load(t, "[GENERAL]\nSTATE_DIR = "+tt.key+"\n[ENVOY]\nHOST = a\n", tt.environ...)
		if got := cfg.General.StateDir; got != tt.want {
			t.Errorf("StateDir of %q and %q = %s, %q, want %s", tt.key, tt.environ, got, errs, tt.want)
		}
	}
}
