//go:build unix

package config

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestUnusableFiles checks that Load returns an error that names the file, and does
// not block, if a file is a pipe or too large.
func TestUnusableFiles(t *testing.T) {
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
		_, err := Load(Sources{File: writeFile(t, "config.ini", "[ENVOY]\nHOST = a\nUSERNAME = b\n"+tt.text+"\n")})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.text, err, tt.want)
		}
	}
	if _, err := Load(Sources{File: pipe}); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("the configuration is a pipe: %v", err)
	}
	if _, err := Load(Sources{File: writeFile(t, "config.ini", "[ENVOY]\nHOST = a\n"+strings.Repeat("#", 1<<20))}); err == nil || !strings.Contains(err.Error(), "larger than 1024 KiB") {
		t.Errorf("a configuration of more than 1 MiB: %v", err)
	}
}
