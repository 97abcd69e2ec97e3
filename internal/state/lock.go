package state

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// ErrInUse is returned by [Lock] if another process holds the lock.
var ErrInUse = errors.New("another envoy-mqtt uses this folder too, and each counts only its own logins; give each its own STATE_DIR")

// Lock locks the folder dir, which it creates if necessary, until the result is
// closed or the process ends. The result is nil, without an error, if the file
// system does not support locks.
func Lock(dir string) (io.Closer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(dir, "lock"), flock.SetFlag(os.O_RDWR|os.O_CREATE), flock.SetPermissions(0o600))
	locked, err := lock.TryLock()
	if _, notOpened := errors.AsType[*fs.PathError](err); notOpened {
		return nil, err
	}
	switch {
	case err != nil:
		_ = lock.Close() // nothing was written
		return nil, nil  //nolint:nilerr,nilnil // not supported
	case !locked:
		_ = lock.Close()
		return nil, ErrInUse
	}
	return lock, nil
}
