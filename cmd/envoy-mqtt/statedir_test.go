package main

import (
	"os"
	"path/filepath"
	"testing"
)

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
		if got := stateDir(config{General: generalConfig{StateDir: tt.key}}, tt.environ); got != tt.want {
			t.Errorf("stateDir(%q, %q) = %s, want %s", tt.key, tt.environ, got, tt.want)
		}
	}
}

func TestClientID(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "there", "yet")
	first, err := clientID(dir)
	if err != nil || !clientIDPattern.MatchString(first) {
		t.Fatalf("clientID = %q, %v", first, err)
	}
	if again, err := clientID(dir); again != first || err != nil {
		t.Errorf("clientID again = %q, %v, want %q", again, err, first)
	}
	path := filepath.Join(dir, "client_id")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%s has mode %v (%v), want 0600", path, info.Mode(), err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%s has mode %v (%v), want 0700", dir, info.Mode(), err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("%s holds %v, want client_id alone", dir, files)
	}

	if err := os.WriteFile(path, []byte("envoy-mqtt-\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	renewed, err := clientID(dir)
	if kept, _ := os.ReadFile(path); err != nil || !clientIDPattern.MatchString(renewed) || string(kept) != renewed {
		t.Errorf("clientID of a damaged file = %q, %v, and %q kept", renewed, err, kept)
	}
}

func TestClientIDWhereNothingCanBeKept(t *testing.T) {
	file := writeFile(t, "file", "")
	one, err := clientID(file)
	other, _ := clientID(file)
	if err == nil || !clientIDPattern.MatchString(one) || one == other {
		t.Errorf("clientID = %q, then %q, %v; want two ids and an error", one, other, err)
	}
}
