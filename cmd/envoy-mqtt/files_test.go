//go:build unix

package main

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
)

// TestFilesOfTheConfiguration: whatever file a key names, loading ends, with an
// error that names the file.
func TestFilesOfTheConfiguration(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	large := writeFile(t, "large", strings.Repeat("x", 64<<10+1))
	for _, tt := range []struct{ text, want string }{
		{"PASSWORD_FILE = " + pipe, pipe + ": not a regular file"},
		{"TOKEN_FILE = " + large, large + ": larger than 64 KiB"},
		{"[MQTT]\nCA_FILE = " + pipe, "not a regular file"},
		{"[MQTT]\nCERT_FILE = " + pipe + "\nKEY_FILE = " + pipe, "not a regular file"},
	} {
		_, err := loadConfig(writeFile(t, "config.ini", "[ENVOY]\nHOST = a\nUSERNAME = b\n"+tt.text+"\n"), nil, nil)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.text, err, tt.want)
		}
	}
	if _, err := loadConfig(pipe, nil, nil); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("the configuration is a pipe: %v", err)
	}
	if _, err := loadConfig(writeFile(t, "config.ini", "[ENVOY]\nHOST = a\n"+strings.Repeat("#", 1<<20)), nil, nil); err == nil || !strings.Contains(err.Error(), "larger than 1024 KiB") {
		t.Errorf("a configuration of more than 1 MiB: %v", err)
	}
}

func TestUnlessDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		if v, err := unlessDone(ctx, func() (int, error) { return 1, fs.ErrExist }); v != 1 || !errors.Is(err, fs.ErrExist) {
			t.Errorf("got %d, %v", v, err)
		}
		answer := make(chan int)
		go cancel()
		if v, err := unlessDone(ctx, func() (int, error) { return <-answer, nil }); v != 0 || !errors.Is(err, context.Canceled) {
			t.Errorf("got %d, %v, want to be canceled", v, err)
		}
		close(answer)
	})
}
