//go:build unix

package state

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	writeAt := func(name string, size int) {
		if err := os.WriteFile(at(name), bytes.Repeat([]byte("x"), size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	writeAt("file", 1024)
	writeAt("large", 1025)
	for _, err := range []error{
		syscall.Mkfifo(at("pipe"), 0o600),
		os.Symlink("file", at("link")), os.Symlink("pipe", at("link to pipe")),
		os.Symlink("..data/file", at("mounted")), os.Symlink(".", at("..data")), // as Kubernetes mounts secrets
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct{ path, want string }{
		{at("file"), ""},
		{at("link"), ""},
		{at("mounted"), ""},
		{at("large"), "larger than 1 KiB"},
		{at("pipe"), "not a regular file"},
		{at("link to pipe"), "not a regular file"},
		{"/dev/zero", "not a regular file"},
		{dir, "not a regular file"},
		{at("missing"), "no such file"},
	} {
		data, err := ReadFile(tt.path, 1024)
		switch {
		case tt.want == "" && (err != nil || len(data) != 1024):
			t.Errorf("ReadFile(%s): %d bytes, %v", tt.path, len(data), err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.path)):
			t.Errorf("ReadFile(%s): %v, want %s", tt.path, err, tt.want)
		}
	}
}
