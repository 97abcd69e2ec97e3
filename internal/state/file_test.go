package state

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWriteFileAtomic(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	path := filepath.Join(dir, "file")
	for _, text := range []string{"first", "second, longer", ""} {
		if err := WriteFileAtomic(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("the file contains %q (%v), want %q", got, err, text)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v (%v), want 0600", info.Mode(), err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Errorf("the folder contains %v (%v), want the file only", files, err)
	}
}

// TestWriteFileAtomicFails checks that a failed write keeps the old file and
// leaves no temporary file.
func TestWriteFileAtomicFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := os.Mkdir(path, 0o700); err != nil { // cannot be replaced by a file
		t.Fatal(err)
	}
	if err := WriteFileAtomic(path, []byte("text")); err == nil {
		t.Error("WriteFileAtomic replaced a folder")
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Errorf("the folder contains %v (%v), want no temporary file", files, err)
	}
}

// TestWriteFileAtomicError checks that an error names the file, and not the temporary
// one, whose name differs each time.
func TestWriteFileAtomicError(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, file string }{
		{"not created", strings.Repeat("x", 250)}, // the temporary name is too long
		{"not renamed", "folder"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(dir, tt.file)
			first, second := WriteFileAtomic(path, nil), WriteFileAtomic(path, nil)
			if first == nil || second == nil || first.Error() != second.Error() || !strings.HasPrefix(first.Error(), "write "+path+": ") {
				t.Errorf("WriteFileAtomic = %v and %v, want one error that begins with %q", first, second, "write "+path+": ")
			}
		})
	}
}
