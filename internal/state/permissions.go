package state

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// FixTokenPermissions removes the access of other users to the tokens in dir. It
// returns warnings: about tokens that others could read, and about a folder that
// others can write to. It leaves all other files alone, because they contain no
// secrets and may belong to other programs.
func FixTokenPermissions(dir string) (warnings []error) {
	files, err := os.ReadDir(dir)
	if err != nil || runtime.GOOS == "windows" {
		return nil // the folder does not exist yet, or belongs to another user
	}
	if err := CheckExposed(dir); err != nil {
		warnings = append(warnings, err)
	}
	var fixed []string
	for _, f := range files {
		info, err := f.Info()
		if err != nil || filepath.Ext(f.Name()) != ".jwt" || !info.Mode().IsRegular() || info.Mode().Perm()&0o077 == 0 {
			continue
		}
		if err := RestrictFile(filepath.Join(dir, f.Name()), info); err != nil {
			warnings = append(warnings, fmt.Errorf("other users can read a token: %w", err))
			continue
		}
		fixed = append(fixed, f.Name())
	}
	if fixed != nil {
		warnings = append(warnings, fmt.Errorf("%s: other users could read %s; the permissions were corrected", dir, strings.Join(fixed, ", ")))
	}
	return warnings
}

// CheckExposed returns an error if other users can write to the folder dir.
func CheckExposed(dir string) error {
	info, err := os.Stat(dir)
	if err != nil || runtime.GOOS == "windows" || info.Mode().Perm()&0o022 == 0 {
		return nil //nolint:nilerr // CheckWritable reports a folder that cannot be used
	}
	return fmt.Errorf("%s: other users can write to it and replace tokens; run chmod go-w on it", dir)
}

// CheckWritable returns an error if no file can be written to the folder dir,
// which it creates if necessary.
func CheckWritable(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".check-*")
	if err != nil {
		return err
	}
	return cmp.Or(f.Close(), os.Remove(f.Name()))
}

// RestrictFile removes the access of other users to the file at path. It returns
// an error if path is no longer the file that info describes, for example
// because a symbolic link has replaced it.
func RestrictFile(path string, info fs.FileInfo) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if now, err := f.Stat(); err != nil || !os.SameFile(now, info) {
		return fmt.Errorf("%s was replaced", path)
	}
	return f.Chmod(info.Mode().Perm() & 0o700)
}
