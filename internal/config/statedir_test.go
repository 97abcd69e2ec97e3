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
		if got := (Config{General: General{StateDir: tt.key}}).StateDir(tt.environ); got != tt.want {
			t.Errorf("StateDir(%q, %q) = %s, want %s", tt.key, tt.environ, got, tt.want)
		}
	}
}
