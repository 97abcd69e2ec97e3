package state

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestProbeLocks(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	if err := ProbeLocks(dir); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("the probe has left %v, %v", left, err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := ProbeLocks(file); err == nil {
		t.Error("a file has locks")
	}
}

// TestProbeRefuses checks that volumes without working locks are rejected.
func TestProbeRefuses(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	const root = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
	on := func(kind, options string) string {
		return root + "36 22 0:52 / " + strings.ReplaceAll(dir, " ", `\040`) + " rw,noatime shared:9 - " + kind + " server:/export rw," + options + "\n"
	}
	for _, tt := range []struct {
		name, mounts string
		locked       error
		want         string // in the error
	}{
		{"local disk", root, nil, ""},
		{"not Linux", "", nil, ""},
		{"damaged", "36 22\n - \n", nil, ""},
		{"NFS 4", on("nfs4", "vers=4.2,hard,local_lock=none"), nil, ""},
		{"NFS 3 with locks", on("nfs", "vers=3,hard,local_lock=none"), nil, ""},
		{"NFS without locking", on("nfs", "vers=3,hard,nolock,local_lock=all"), nil, "NFS is mounted with nolock, so that other machines do not see the locks"},
		{"NFS with local locks", on("nfs", "vers=3,local_lock=flock"), nil, "NFS is mounted with local_lock=flock"},
		{"another NFS without locking", strings.ReplaceAll(on("nfs", "nolock"), dir, dir+"x"), nil, ""},
		{"local disk on NFS", on("nfs", "nolock") + "40 36 8:2 / " + dir + " rw - ext4 /dev/sdb1 rw\n", nil, ""},
		{"SMB", on("cifs", "vers=3.1.1"), nil, ""},
		{"SMB without locks", on("cifs", "vers=3.1.1,nobrl"), nil, "SMB is mounted with nobrl"},
		{"object store", on("fuse.s3fs", "user_id=0"), nil, "fuse.s3fs has no locks"},
		{"GlusterFS", on("fuse.glusterfs", "user_id=0"), nil, ""},
		{"no lock daemon", root, errors.New("no locks available"), "no locks available"},
		{"no effect", root, errNoEffect, "a file could be locked twice"},
	} {
		err := probe(dir, tt.mounts, time.Minute, func(string) error { return tt.locked })
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		hangs := func(string) error { time.Sleep(time.Hour); return nil }
		want := "STATE_DIR " + dir + ": locks do not work there: no answer within 10s; the shards of a fleet need a volume with locks, see docs/fleet.md"
		if err := probe(dir, "", probeTimeout, hangs); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
		time.Sleep(2 * time.Hour)
	})
	if err := tryLockTwice(filepath.Join(dir, "missing")); err == nil {
		t.Error("a missing folder has locks")
	}
}
