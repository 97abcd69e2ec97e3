package state

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// The largest files that are read, in bytes.
const (
	MaxValueSize = 64 << 10 // of a file with the value of one key
	MaxFileSize  = 1 << 20  // of any other file
)

var errNotRegular = errors.New("not a regular file")

// ReadFile returns the content of the regular file path, or of the one that a
// symbolic link leads to. It returns an error if the file is larger than limit
// bytes, and if it is anything else, such as a pipe, that could block the reader.
func ReadFile(path string, limit int64) ([]byte, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errNotRegular}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if int64(len(data)) > limit {
		return nil, &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("larger than %d KiB", limit>>10)}
	}
	return data, err
}

// WriteFileAtomic replaces the file path by data, completely or not at all, also
// at a power failure. Only the owner can read the file; if root writes it, it
// belongs to the owner of the folder. It creates the folder if necessary.
func WriteFileAtomic(path string, data []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := replaceFile(path, data); err != nil {
		return writeError(path, err)
	}
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync() // not every file system supports it
		_ = d.Close()
	}
	return nil
}

// replaceFile writes data to a temporary file, which it renames to path.
func replaceFile(path string, data []byte) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+"-*") // with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // does nothing after the renaming
	giveToOwner(f, dir)
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = cmp.Or(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// writeError returns err, of the temporary file of path, as an error of path. The
// temporary file has another name each time, with which the same problem would be
// logged again and again.
func writeError(path string, err error) error {
	cause := err
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		cause = e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		cause = e.Err
	}
	return &fs.PathError{Op: "write", Path: path, Err: cause}
}

// readJSON returns the value in the file at path, the zero value if it cannot be read.
func readJSON[T any](path string) T {
	var v, none T
	data, err := ReadFile(path, MaxFileSize)
	if err != nil || json.Unmarshal(data, &v) != nil {
		return none
	}
	return v
}

// writeJSON replaces the file at path by v, which has only strings, numbers and
// booleans.
func writeJSON(path string, v any) error {
	data, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		panic(err) // cannot fail for such values
	}
	return WriteFileAtomic(path, data)
}
