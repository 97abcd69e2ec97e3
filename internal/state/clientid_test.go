package state

import (
	"os"
	"path/filepath"
	"testing"
)

func TestClientID(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "there", "yet")
	first, err := ClientID(dir)
	if err != nil || !clientIDPattern.MatchString(first) {
		t.Fatalf("ClientID = %q, %v", first, err)
	}
	if again, err := ClientID(dir); again != first || err != nil {
		t.Errorf("ClientID again = %q, %v, want %q", again, err, first)
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
	renewed, err := ClientID(dir)
	if kept, _ := os.ReadFile(path); err != nil || !clientIDPattern.MatchString(renewed) || string(kept) != renewed {
		t.Errorf("ClientID of a damaged file = %q, %v, and %q kept", renewed, err, kept)
	}
}

// TestClientIDNotStored checks that each call returns another id and an error.
func TestClientIDNotStored(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file") // not a folder
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	one, err := ClientID(file)
	other, _ := ClientID(file)
	if err == nil || !clientIDPattern.MatchString(one) || one == other {
		t.Errorf("ClientID = %q, then %q, %v; want two ids and an error", one, other, err)
	}
}
