package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestDemoFolder: the folder of a demo that was killed is removed at the next
// start, that of one that runs is not.
func TestDemoFolder(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	running, remove, err := newDemoFolder()
	if err != nil {
		t.Fatal(err)
	}
	killed, other := filepath.Join(os.TempDir(), demoFolder+"1"), filepath.Join(os.TempDir(), "other")
	starting := filepath.Join(os.TempDir(), demoFolder+"2")
	for _, dir := range []string{killed, other, starting} {
		if err := os.MkdirAll(filepath.Join(dir, "history"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Now().Add(-time.Hour)
	for _, dir := range []string{running, killed, other} {
		if err := os.Chtimes(dir, old, old); err != nil {
			t.Fatal(err)
		}
	}
	next, removeNext, err := newDemoFolder()
	if err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]bool{running: true, next: true, other: true, starting: true, killed: false} {
		if _, err := os.Stat(dir); (err == nil) != want {
			t.Errorf("%s: exists %t, want %t", filepath.Base(dir), err == nil, want)
		}
	}
	remove()
	removeNext()
	for _, dir := range []string{running, next} {
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s was not removed", filepath.Base(dir))
		}
	}
}
