//go:build fleet && linux

package fleet_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// owners finds out which process a connection belongs to, as the kernel lists it.
type owners struct {
	mu        sync.Mutex     // guards what follows
	processes map[int]bool   // that may have connections
	pending   map[string]int // looks without a result, by the addresses of both ends
	known     map[string]int // pid likewise; 0 if it cannot be found out
}

// ownersInterval separates two looks at the kernel's lists.
const ownersInterval = 250 * time.Millisecond

// newOwners returns owners that looks up connections until the test ends.
func newOwners(t *testing.T) *owners {
	o := &owners{processes: map[int]bool{}, pending: map[string]int{}, known: map[string]int{}}
	tick, done := time.NewTicker(ownersInterval), make(chan struct{})
	go func() {
		for {
			select {
			case <-tick.C:
				o.look()
			case <-done:
				return
			}
		}
	}()
	t.Cleanup(func() { tick.Stop(); close(done) })
	return o
}

// addProcess adds a process that has connections from now on.
func (o *owners) addProcess(pid int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.processes[pid] = true
}

// add looks up the process of a connection soon.
func (o *owners) add(connection string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, isKnown := o.known[connection]; !isKnown {
		o.pending[connection] += 0
	}
}

// process returns the process of a connection, 0 if unknown.
func (o *owners) process(connection string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.known[connection]
}

// unknown returns how many connections have no process, and how many there are.
func (o *owners) unknown() (unknown, all int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, pid := range o.known {
		if pid == 0 {
			unknown++
		}
	}
	return unknown + len(o.pending), len(o.known) + len(o.pending)
}

// look looks up the connections that are not known yet, each at most three times.
func (o *owners) look() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.pending) == 0 {
		return
	}
	inodes := inodes()
	pids := map[string]int{} // by inode
	for pid := range o.processes {
		files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid)) // none if it has ended
		for _, file := range files {
			if link, err := os.Readlink(file); err == nil && strings.HasPrefix(link, "socket:[") {
				pids[strings.TrimSuffix(strings.TrimPrefix(link, "socket:["), "]")] = pid
			}
		}
	}
	for connection, looks := range o.pending {
		pid := pids[inodes[connection]]
		o.pending[connection] = looks + 1
		if pid != 0 || looks == 2 {
			o.known[connection] = pid
			delete(o.pending, connection)
		}
	}
}

// inodes returns the inodes of the sockets of this machine by the addresses of both
// ends.
func inodes() map[string]string {
	found := map[string]string{}
	table, _ := os.ReadFile("/proc/net/tcp")
	for line := range strings.Lines(string(table)) {
		fields := strings.Fields(line)
		if len(fields) < 10 || fields[9] == "0" {
			continue
		}
		found[loopback(fields[1])+" "+loopback(fields[2])] = fields[9]
	}
	return found
}

// loopback returns an address of 127.0.0.1 that the kernel writes as 0100007F:1F90.
func loopback(text string) string {
	_, hex, _ := strings.Cut(text, ":")
	port, _ := strconv.ParseUint(hex, 16, 16) // 0 is no address of ours
	return fmt.Sprintf("127.0.0.1:%d", port)
}
