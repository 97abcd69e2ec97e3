package state

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// probeTimeout limits the probe of locks: those of NFS wait for a server that does
// not answer.
const probeTimeout = 10 * time.Second

// ProbeLocks returns why the processes of a fleet cannot lock files in the folder
// dir, which it creates if necessary, or nil.
func ProbeLocks(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	mounts, _ := ReadFile("/proc/self/mountinfo", MaxFileSize) // on Linux
	return probe(dir, string(mounts), probeTimeout, tryLockTwice)
}

// probe is ProbeLocks with the mounts of the machine and a function that tries a lock
// in a folder.
func probe(dir, mounts string, timeout time.Duration, try func(dir string) error) error {
	absolute, err := filepath.Abs(dir)
	if err == nil {
		absolute, err = filepath.EvalSymlinks(absolute)
	}
	if err != nil {
		return err
	}
	err = mountProblem(mounts, absolute)
	if err == nil {
		tried := make(chan error, 1)
		go func() { tried <- try(absolute) }()
		select {
		case err = <-tried:
		case <-time.After(timeout):
			err = fmt.Errorf("no answer within %v", timeout)
		}
	}
	if err != nil {
		return fmt.Errorf("STATE_DIR %s: locks do not work there: %w; the shards of a fleet need a volume with locks, see docs/fleet.md", dir, err)
	}
	return nil
}

var (
	errNoEffect = errors.New("a file could be locked twice")
	errRefused  = errors.New("a file that is not locked cannot be locked")
)

// tryLockTwice locks a file in dir, and checks that it cannot be locked again before
// it is released.
func tryLockTwice(dir string) error {
	f, err := os.CreateTemp(dir, ".probe-*")
	if err != nil {
		return err
	}
	_ = f.Close() // nothing was written
	defer os.Remove(f.Name())
	first, second := newLock(f.Name()), newLock(f.Name())
	defer first.Close()
	defer second.Close()
	if isLocked, err := first.TryLock(); err != nil || !isLocked {
		return cmp.Or(err, errRefused)
	}
	if isLocked, err := second.TryLock(); err == nil && isLocked {
		return errNoEffect
	}
	if err := first.Unlock(); err != nil {
		return err
	}
	if isLocked, err := second.TryLock(); err != nil || !isLocked {
		return cmp.Or(err, errRefused)
	}
	return nil
}

// A mount is a line of /proc/self/mountinfo.
type mount struct {
	point, kind string
	options     []string
}

// mountProblem returns why the locks of the file system that contains path hold on
// this machine only, or nil if nothing is known against it. A lock that is tried on
// one machine cannot show that.
func mountProblem(mounts, path string) error {
	var m mount
	for line := range strings.Lines(mounts) {
		if next, ok := parseMount(line); ok && next.contains(path) && len(next.point) >= len(m.point) {
			m = next
		}
	}
	has := func(options ...string) string {
		for _, o := range options {
			if slices.Contains(m.options, o) {
				return o
			}
		}
		return ""
	}
	switch kind, _, _ := strings.Cut(m.kind, "."); kind {
	case "nfs", "nfs4":
		if o := has("nolock", "local_lock=all", "local_lock=flock"); o != "" {
			return fmt.Errorf("NFS is mounted with %s, so that other machines do not see the locks", o)
		}
	case "cifs", "smb3":
		if o := has("nobrl", "nolock"); o != "" {
			return fmt.Errorf("SMB is mounted with %s, so that other machines do not see the locks", o)
		}
	case "fuse":
		if slices.Contains(objectStores, m.kind) {
			return fmt.Errorf("%s has no locks between machines", m.kind)
		}
	}
	return nil
}

// objectStores are file systems whose locks the kernel keeps on each machine.
var objectStores = []string{"fuse.s3fs", "fuse.goofys", "fuse.mountpoint-s3", "fuse.gcsfuse", "fuse.blobfuse", "fuse.blobfuse2", "fuse.rclone", "fuse.sshfs"}

// parseMount parses a line such as
// 36 35 98:0 / /data rw,noatime master:1 - nfs4 server:/ rw,vers=4.2.
func parseMount(line string) (m mount, ok bool) {
	before, after, _ := strings.Cut(line, " - ")
	fields, source := strings.Fields(before), strings.Fields(after)
	if len(fields) < 6 || len(source) < 3 {
		return mount{}, false
	}
	m.point = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(fields[4])
	m.kind = source[0]
	m.options = strings.Split(fields[5]+","+source[2], ",")
	return m, true
}

// contains reports whether path is in the file system, unless another one is mounted
// below.
func (m mount) contains(path string) bool {
	return m.point == "/" || path == m.point || strings.HasPrefix(path, m.point+"/")
}
