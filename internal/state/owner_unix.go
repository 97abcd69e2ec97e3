//go:build unix

package state

import (
	"os"
	"syscall"
)

// giveToOwner gives a file that root has created to the owner of the folder dir,
// so that a service with a user of its own can read what root has stored for it.
// It does nothing for other users, and ignores errors: some containers and file
// systems do not allow it.
func giveToOwner(f *os.File, dir string) {
	if os.Geteuid() != 0 {
		return
	}
	info, err := os.Stat(dir)
	if err != nil {
		return
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && owner.Uid != 0 {
		_ = f.Chown(int(owner.Uid), int(owner.Gid))
	}
}
