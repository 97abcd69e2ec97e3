//go:build unix

package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// errInUse says that another process has the state folder.
var errInUse = errors.New("another envoy-mqtt uses this folder too, and the two do not know of each other's logins: give each a STATE_DIR of its own")

// lockState marks the folder as used for as long as the process lives or until
// the lock is closed. The kernel lets go of it, whatever becomes of the process.
func lockState(dir string) (io.Closer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, errInUse
		}
		return nil, nil //nolint:nilnil // a file system without locks: nothing to say, nothing to hold
	}
	return f, nil
}
