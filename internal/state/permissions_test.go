//go:build unix

package state

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFixTokenPermissions checks that only tokens are changed, and reported.
func TestFixTokenPermissions(t *testing.T) {
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
	err := errors.Join(FixTokenPermissions(dir)...)
	if err == nil || !strings.Contains(err.Error(), "1222.jwt") || !strings.Contains(err.Error(), "1333.jwt") || strings.Contains(err.Error(), "options") {
		t.Errorf("FixTokenPermissions = %v, want both tokens", err)
	}
	for name, want := range map[string]os.FileMode{"1222.jwt": 0o600, "1333.jwt": 0o600, "options.json": 0o644} {
		if st, err := os.Stat(filepath.Join(dir, name)); err != nil || st.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want mode %v", name, st, err, want)
		}
	}
	if err := FixTokenPermissions(dir); err != nil {
		t.Errorf("FixTokenPermissions again = %v, want nil", err)
	}
	if err := FixTokenPermissions(filepath.Join(dir, "missing")); err != nil {
		t.Errorf("FixTokenPermissions of no folder = %v, want nil", err)
	}
}

// TestFixTokenPermissionsWarns checks the warnings for each mode of the folder and
// of a token, and that a symbolic link is not followed.
func TestFixTokenPermissionsWarns(t *testing.T) {
	dir, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "elsewhere")
	if err := errors.Join(os.WriteFile(elsewhere, []byte("a"), 0o600), os.Chmod(elsewhere, 0o644), os.WriteFile(filepath.Join(dir, "1.jwt"), nil, 0o600), os.Symlink(elsewhere, filepath.Join(dir, "2.jwt"))); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		dir, token fs.FileMode
		want       []string
	}{
		{0o700, 0o600, nil},
		{0o755, 0o600, nil},
		{0o770, 0o600, []string{"other users can write to it"}},
		{0o702, 0o600, []string{"other users can write to it"}},
		{0o700, 0o644, []string{"other users could read 1.jwt"}},
		{0o777, 0o640, []string{"other users can write to it", "other users could read 1.jwt"}},
	} {
		if err := errors.Join(os.Chmod(dir, tt.dir), os.Chmod(filepath.Join(dir, "1.jwt"), tt.token)); err != nil {
			t.Fatal(err)
		}
		got := FixTokenPermissions(dir)
		ok := len(got) == len(tt.want)
		for i := range got {
			ok = ok && strings.Contains(got[i].Error(), tt.want[i]) && strings.Contains(got[i].Error(), dir)
		}
		if info, err := os.Stat(filepath.Join(dir, "1.jwt")); !ok || err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%o with a token of %o: %v, then %v; want %q", tt.dir, tt.token, got, info.Mode(), tt.want)
		}
	}
	if info, err := os.Stat(elsewhere); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("what a link leads to: %v, %v, want 0644", info.Mode(), err)
	}
}
