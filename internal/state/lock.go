package state

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// ErrInUse is returned by [Lock] if another process holds the lock.
var ErrInUse = errors.New("another envoy-mqtt uses this folder too, and each counts only its own logins; give each its own STATE_DIR")

// ErrFleet is returned by [Lock] if shards of a fleet use the folder.
var ErrFleet = errors.New("shards of a fleet use this folder; set [GENERAL] SHARD, or another STATE_DIR")

// Lock locks the folder dir, which it creates if necessary, until the result is
// closed or the process ends. The result is nil, without an error, if the file
// system does not support locks.
func Lock(dir string) (io.Closer, error) {
	lock, err := lockFolder(dir, (*flock.Flock).TryLock)
	if errors.Is(err, ErrInUse) {
		if shared, sharedErr := LockShared(dir); sharedErr == nil && shared != nil {
			_ = shared.Close() // nothing was written
			return nil, ErrFleet
		}
	}
	return lock, err
}

// LockShared is Lock for the shards of a fleet, which use the folder together.
func LockShared(dir string) (io.Closer, error) { return lockFolder(dir, (*flock.Flock).TryRLock) }

func lockFolder(dir string, try func(*flock.Flock) (bool, error)) (io.Closer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock := newLock(filepath.Join(dir, "lock"))
	locked, err := try(lock)
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

func newLock(path string) *flock.Flock {
	return flock.New(path, flock.SetFlag(os.O_RDWR|os.O_CREATE), flock.SetPermissions(0o600))
}

const (
	fileLockTimeout       = 10 * time.Second // others hold a file's lock for milliseconds, but there may be many
	fileLockRetryInterval = 50 * time.Millisecond
)

// LockFile waits for the lock of a file that several processes read, change and
// write, and returns a function that releases it. Without working locks it does not
// wait.
func LockFile(path string) (unlock func(), err error) {
	ctx, cancel := context.WithTimeout(context.Background(), fileLockTimeout)
	defer cancel()
	lock := newLock(path)
	locked, err := lock.TryLockContext(ctx, fileLockRetryInterval)
	unlock = func() { _ = lock.Close() } // nothing was written
	if !locked && ctx.Err() != nil {
		unlock()
		return nil, fmt.Errorf("%s: another process has held it for %v", path, fileLockTimeout)
	}
	return unlock, nil //nolint:nilerr // not supported, or the following write returns the error
}
