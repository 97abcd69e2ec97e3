//go:build unix

package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExposed: a token that others could read in the state folder is closed, and said.
func TestExposed(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"1222.jwt": 0o644, "1333.jwt": 0o640, "options.json": 0o644, "client_id": 0o600} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	err := errors.Join(closeState(dir)...)
	if err == nil || !strings.Contains(err.Error(), "1222.jwt") || !strings.Contains(err.Error(), "1333.jwt") || strings.Contains(err.Error(), "options") {
		t.Errorf("closeState = %v, want both tokens", err)
	}
	for name, want := range map[string]os.FileMode{"1222.jwt": 0o600, "1333.jwt": 0o600, "options.json": 0o644} {
		if st, err := os.Stat(filepath.Join(dir, name)); err != nil || st.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want mode %v", name, st, err, want)
		}
	}
	if err := closeState(dir); err != nil {
		t.Errorf("closeState again = %v, want nil", err)
	}
	if err := closeState(filepath.Join(dir, "missing")); err != nil {
		t.Errorf("closeState of no folder = %v, want nil", err)
	}
}
