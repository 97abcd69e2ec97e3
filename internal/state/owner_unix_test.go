//go:build unix

package state

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestOwner checks that what root writes into the folder of another user belongs
// to that user.
func TestOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	dir := t.TempDir()
	for _, uid := range []int{0, 65532} {
		if err := os.Chown(dir, uid, uid); err != nil {
			t.Skip(err)
		}
		path := filepath.Join(dir, "file")
		if err := WriteFileAtomic(path, []byte("x")); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if owner := info.Sys().(*syscall.Stat_t); int(owner.Uid) != uid || info.Mode().Perm() != 0o600 {
			t.Errorf("the file belongs to %d and has mode %v, want %d and 0600", owner.Uid, info.Mode(), uid)
		}
	}
}
