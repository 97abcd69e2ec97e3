package command

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

const (
	// fileTimeout is how long a stop waits for files of the state folder.
	fileTimeout = 2 * time.Second
	// shardFileTimeout is the same in a fleet: the counters of hundreds of gateways,
	// which another shard may continue.
	shardFileTimeout = 5 * time.Second
)

// shardLockInterval separates two attempts to lock a folder that another process
// uses.
const shardLockInterval = time.Second

// prepareState logs the warnings of the configuration, checks and locks the state
// folder, and sets the client id. The caller calls unlock at the end. A shard waits
// until no other process has its number. If hup receives meanwhile, the error is
// errReload.
func (rc *runConfig) prepareState(ctx context.Context, hup <-chan os.Signal) (unlock func(), err error) {
	for _, w := range rc.cfg.Warnings {
		rc.log.Warn().Str("reason", w).Msg("configuration warning")
	}
	for _, err := range state.FixTokenPermissions(rc.cfg.General.StateDir) {
		rc.warn(err)
	}
	if rc.cfg.General.Shard.IsSet() {
		unlock, err = rc.lockShard(ctx, hup)
	} else {
		unlock, err = rc.lockFolder()
	}
	if err != nil {
		return nil, failed(err)
	}
	if rc.mqtt.ClientID == "" {
		rc.mqtt.ClientID, err = state.ClientID(rc.cfg.OwnDir())
		rc.warn(err)
	}
	return unlock, nil
}

// lockFolder locks the state folder if possible. It returns an error if shards of a
// fleet use it.
func (rc *runConfig) lockFolder() (unlock func(), err error) {
	lock, err := state.Lock(rc.cfg.General.StateDir)
	if errors.Is(err, state.ErrFleet) {
		return nil, err
	}
	rc.warn(err)
	return func() {
		if lock != nil {
			_ = lock.Close() // nothing was written
		}
	}, nil
}

// lockShard locks the folders of a shard: the state folder together with the other
// shards, and its own alone. It waits for a process that has the same number, or that
// reads all gateways without SHARD: the number may just move to this machine.
func (rc *runConfig) lockShard(ctx context.Context, hup <-chan os.Signal) (unlock func(), err error) {
	var locks []io.Closer
	unlock = func() {
		for _, lock := range locks {
			_ = lock.Close() // nothing was written
		}
	}
	for _, folder := range []struct {
		dir string
		try func(string) (io.Closer, error)
	}{{rc.cfg.General.StateDir, state.LockShared}, {rc.cfg.OwnDir(), state.Lock}} {
		lock, err := rc.waitForLock(ctx, hup, folder.dir, folder.try)
		if err != nil {
			unlock()
			return nil, err
		}
		locks = append(locks, lock)
	}
	return unlock, nil
}

// waitForLock locks a folder as soon as no other process has locked it.
func (rc *runConfig) waitForLock(ctx context.Context, hup <-chan os.Signal, dir string, try func(string) (io.Closer, error)) (io.Closer, error) {
	for isLogged := false; ; isLogged = true {
		lock, err := try(dir)
		if err == nil && lock == nil {
			err = errors.ErrUnsupported
		}
		if !errors.Is(err, state.ErrInUse) {
			return lock, err
		}
		if !isLogged {
			rc.log.Warn().Str("folder", dir).Stringer("shard", rc.cfg.General.Shard).Msg("another process uses the folder of this shard, waiting until it stops")
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-hup:
			return nil, errReload
		case <-time.After(shardLockInterval):
		}
	}
}
