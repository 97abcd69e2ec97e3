package state

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// locksFolder is the folder, in STATE_DIR, of the locks of gateways. Its files are
// never removed: a lock belongs to the file that was opened.
const locksFolder = "locks"

// A heldError reports that another process holds the lock of a gateway.
type heldError struct {
	Object string // what is locked
	Holder string // what the other process has written about itself; empty if unknown
}

func (e *heldError) Error() string {
	return fmt.Sprintf("%s is read by %s", e.Object, cmp.Or(e.Holder, "another process"))
}

// errNotHeld reports that the process does not hold the lock of a gateway.
var errNotHeld = errors.New("another shard may read the gateway")

// identifyInterval separates two attempts to find out whether the gateway of a
// section is still the one that another process reads as another section.
const identifyInterval = 5 * time.Minute

// A GatewayLock excludes the other processes of a fleet from a gateway: it locks its
// section, and its serial number when that is known, because two sections may have
// the same gateway. Hold and Add are called by one goroutine at a time, the other
// methods by any.
type GatewayLock struct {
	Dir     string // STATE_DIR
	Section string
	Holder  string // of the locks: this process, for the messages of others
	// OnLocked, if not nil, is called after a serial number was locked, and before
	// the gateway is read.
	OnLocked func(serial string)

	found   string    // serial number of the gateway that answered last
	foundAt time.Time // when it was asked for that

	mu       sync.Mutex           // guards the fields below; not held while files are used
	held     map[string]io.Closer // by name
	isClosed bool
}

// NewGatewayLock returns the lock of a section whose gateway had this serial number
// last, empty if unknown.
func NewGatewayLock(dir, section, serial, holder string) *GatewayLock {
	return &GatewayLock{Dir: dir, Section: section, Holder: holder, found: serial, foundAt: time.Now(), held: map[string]io.Closer{}}
}

// Hold locks the section, and the gateway that answered last if its serial number is
// known. It must return nil before the gateway is read. The gateway online, if it is
// not empty, takes the place of the one that answered last. Hold releases the locks
// of all other gateways. It returns an error if another process holds one; every
// five minutes it returns nil nevertheless if that is the gateway's, because another
// gateway may answer by now.
func (l *GatewayLock) Hold(online string) error {
	if err := l.lock(sectionLock(l.Section)); err != nil {
		return err
	}
	serial := cmp.Or(online, l.found)
	l.releaseOthers(serial)
	if serial == "" {
		return nil
	}
	err := l.lock(serialLock(serial))
	if _, isHeld := errors.AsType[*heldError](err); isHeld && time.Since(l.foundAt) >= identifyInterval {
		l.foundAt = time.Now()
		return nil
	}
	return err
}

// Add locks the gateway that has answered. Apart from its serial number, the gateway
// must not be read if that fails.
func (l *GatewayLock) Add(serial string) error {
	l.found, l.foundAt = serial, time.Now()
	return l.lock(serialLock(serial))
}

// Holds reports whether the gateway with a serial number is locked.
func (l *GatewayLock) Holds(serial string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held[serialLock(serial).name] != nil
}

// Check returns an error unless the gateway with a serial number is locked.
func (l *GatewayLock) Check(serial string) error {
	if !l.Holds(serial) {
		return errNotHeld
	}
	return nil
}

// Close releases all locks. Nothing can be locked afterwards.
func (l *GatewayLock) Close() {
	l.mu.Lock()
	held := l.held
	l.held, l.isClosed = nil, true
	l.mu.Unlock()
	for _, lock := range held {
		_ = lock.Close() // nothing was written
	}
}

// releaseOthers releases the locks of all gateways but one.
func (l *GatewayLock) releaseOthers(serial string) {
	var others []io.Closer
	l.mu.Lock()
	for name, lock := range l.held {
		if name != sectionLock(l.Section).name && name != serialLock(serial).name {
			others = append(others, lock)
			delete(l.held, name)
		}
	}
	l.mu.Unlock()
	for _, lock := range others {
		_ = lock.Close() // nothing was written
	}
}

// A lockName is the name of a lock's file, and what it locks.
type lockName struct{ name, object, serial string }

func sectionLock(section string) lockName {
	return lockName{"section-" + url.PathEscape(section), "[" + section + "]", ""}
}

func serialLock(serial string) lockName {
	return lockName{"gateway-" + url.PathEscape(serial), "gateway " + serial, serial}
}

// lock takes a lock unless it is held.
func (l *GatewayLock) lock(n lockName) error {
	l.mu.Lock()
	isHeld := l.held[n.name] != nil
	l.mu.Unlock()
	if isHeld {
		return nil
	}
	dir := filepath.Join(l.Dir, locksFolder)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	path := filepath.Join(dir, n.name)
	lock := newLock(path)
	isLocked, err := lock.TryLock()
	if err != nil || !isLocked {
		_ = lock.Close() // nothing was written
		if err != nil {
			return fmt.Errorf("lock %s: %w", n.object, err)
		}
		holder, _ := ReadFile(path, MaxValueSize) // for the message only
		return &heldError{n.object, strings.TrimSpace(string(holder))}
	}
	_ = os.WriteFile(path, []byte(l.Holder+"\n"), 0o600) // for messages only
	if n.serial != "" && l.OnLocked != nil {
		l.OnLocked(n.serial)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isClosed { // the caller was abandoned
		_ = lock.Close()
		return errNotHeld
	}
	l.held[n.name] = lock
	return nil
}
