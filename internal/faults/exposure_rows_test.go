//go:build faults

package faults_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// TestCloudIsVerified: who answers in Enphase's place without a certificate
// that the system trusts gets no password, whatever VERIFY_SSL says.
func TestCloudIsVerified(t *testing.T) {
	t.Parallel()
	r := newRig(t, startBroker(t))
	sim, config, _ := cloud(t)
	r.config = regexp.MustCompile(`TOKEN = .*\n`).ReplaceAllString(r.config, "") + "VERIFY_SSL = false\n" + config
	r.start() // without the environment that names the authority
	r.said("certificate", 20*time.Second)
	time.Sleep(4 * time.Second)
	if n := len(sim.Logins()); n > 0 {
		t.Errorf("%d logins at a cloud that nobody vouches for", n)
	}
	if r.count(r.topic("live"), time.Time{}, time.Now()) > 0 {
		t.Error("live without a token")
	}
	if n := r.warnings(); n > 5 {
		t.Errorf("%d warnings, want a few", n)
	}
	r.stop()
	tell("a false Enphase cloud", "no password is sent, nothing under live", "-", "certificate")
}

// TestNoPort: nothing listens unless it was asked for.
func TestNoPort(t *testing.T) {
	t.Parallel()
	r := newRig(t, startBroker(t)).start()
	r.lives(3, time.Time{}, 20*time.Second)
	inodes := map[string]bool{}
	fds, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", r.Pid()))
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err == nil && strings.HasPrefix(to, "socket:[") {
			inodes[strings.Trim(to, "socket:[]")] = true
		}
	}
	if len(inodes) < 2 {
		t.Fatalf("%d sockets, want those of the gateway and the broker: the test sees nothing", len(inodes))
	}
	const listening, inode = 3, 9 // columns of /proc/net/tcp
	for _, file := range []string{"tcp", "tcp6", "udp", "udp6"} {
		for line := range strings.Lines(proctest.ReadFile(t, fmt.Sprintf("/proc/%d/net/%s", r.Pid(), file))) {
			f := strings.Fields(line)
			if len(f) > inode && inodes[f[inode]] && (f[listening] == "0A" || strings.HasPrefix(file, "udp")) {
				t.Errorf("%s: %s is open", file, f[1])
			}
		}
	}
	r.stop()
	tell("no port is opened", "-", "-", "-")
}

// TestReadableByOthers: a configuration with secrets that every user can read is
// warned of, and so is a state folder's.
func TestReadableByOthers(t *testing.T) {
	t.Parallel()
	r := newRig(t, startBroker(t))
	path := r.write("")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	r.start()
	r.said("config.ini can be read by every user of this machine", 10*time.Second)
	r.lives(2, time.Time{}, 20*time.Second)
	r.stop()
	err := filepath.WalkDir(r.state(), func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if st, err := d.Info(); err != nil || st.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v (%v), want nothing for others", path, st.Mode(), err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	tell("config.ini readable by every user", "live goes on", "-", "can be read by every user of this machine")
}
