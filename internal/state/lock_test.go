//go:build unix

package state

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestLock(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	first, err := Lock(dir)
	if err != nil || first == nil {
		t.Fatalf("Lock = %v, %v", first, err)
	}
	if _, err := Lock(dir); !errors.Is(err, ErrInUse) {
		t.Errorf("Lock of a locked folder: %v, want ErrInUse", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Lock(dir)
	if err != nil || again == nil {
		t.Fatalf("Lock after Close = %v, %v", again, err)
	}
	again.Close()
	if info, err := os.Stat(filepath.Join(dir, "lock")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v (%v), want 0600", info.Mode(), err)
	}

	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if lock, err := Lock(file); err == nil || lock != nil {
		t.Errorf("Lock of a file = %v, %v, want an error", lock, err)
	}
	unusable := t.TempDir()
	if err := os.Mkdir(filepath.Join(unusable, "lock"), 0o700); err != nil {
		t.Fatal(err)
	}
	if lock, err := Lock(unusable); err == nil || lock != nil {
		t.Errorf("Lock with a folder in place of the file = %v, %v, want an error", lock, err)
	}
}
