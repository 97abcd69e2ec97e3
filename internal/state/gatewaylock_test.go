//go:build unix

package state

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func wantHeld(t *testing.T, err error, want string) {
	t.Helper()
	if _, isHeld := errors.AsType[*heldError](err); !isHeld || err.Error() != want {
		t.Errorf("got %v, want a heldError: %s", err, want)
	}
}

// TestGatewayLock checks that two processes cannot have a section at once, nor two
// sections one gateway.
func TestGatewayLock(t *testing.T) {
	const serial, other = "122200000001", "122200000002"
	dir := t.TempDir()
	var locked []string
	a := NewGatewayLock(dir, "ENVOY", "", "shard 1/2 on a")
	a.OnLocked = func(serial string) { locked = append(locked, serial) }
	if err := errors.Join(a.Hold(""), a.Add(serial), a.Hold(""), a.Hold(serial)); err != nil {
		t.Fatal(err)
	}
	if !a.Holds(serial) || a.Check(serial) != nil || !slices.Equal(locked, []string{serial}) {
		t.Errorf("%s is not locked: %v", serial, locked)
	}
	if a.Holds(other) || !errors.Is(a.Check(other), errNotHeld) {
		t.Errorf("%s is locked", other)
	}

	again := NewGatewayLock(dir, "ENVOY", serial, "shard 2/2 on b")
	wantHeld(t, again.Hold(""), "[ENVOY] is read by shard 1/2 on a")
	b := NewGatewayLock(dir, "ENVOY_GARAGE", "", "shard 2/2 on b")
	if err := b.Hold(""); err != nil {
		t.Fatal(err)
	}
	wantHeld(t, b.Add(serial), "gateway "+serial+" is read by shard 1/2 on a")
	wantHeld(t, b.Hold(""), "gateway "+serial+" is read by shard 1/2 on a")
	if b.Holds(serial) {
		t.Error("both hold the gateway")
	}

	a.Close()
	if a.Holds(serial) {
		t.Error("locked after Close")
	}
	if err := a.Hold(""); !errors.Is(err, errNotHeld) {
		t.Errorf("Hold after Close = %v, want errNotHeld", err)
	}
	if err := errors.Join(b.Hold(""), again.Hold("")); err == nil || !b.Holds(serial) {
		t.Errorf("after a has stopped, b must hold the gateway: %v", err)
	}
}

// TestSwappedGateways checks that two processes whose gateways exchange their
// addresses each get the other one, when it is not published as online any more.
func TestSwappedGateways(t *testing.T) {
	const first, second = "122200000001", "122200000002"
	dir := t.TempDir()
	a, b := NewGatewayLock(dir, "ENVOY", first, "a"), NewGatewayLock(dir, "ENVOY_GARAGE", second, "b")
	if err := errors.Join(a.Hold(""), b.Hold("")); err != nil || !a.Holds(first) || !b.Holds(second) {
		t.Fatal("the known gateways are not locked:", err)
	}
	wantHeld(t, a.Add(second), "gateway "+second+" is read by b")
	wantHeld(t, b.Add(first), "gateway "+first+" is read by a")
	if err := a.Hold(first); err != nil || !a.Holds(first) {
		t.Errorf("the gateway that is online was released: %v", err)
	}
	wantHeld(t, a.Hold(""), "gateway "+second+" is read by b") // it is offline now
	if err := b.Hold(""); err != nil || !b.Holds(first) || b.Holds(second) {
		t.Errorf("b cannot have the other one: %v", err)
	}
	if err := a.Hold(""); err != nil || !a.Holds(second) {
		t.Errorf("a cannot have the other one: %v", err)
	}
}

// TestIdentifyAgain checks that a gateway is asked for its serial number every five
// minutes while another process has the one that it had.
func TestIdentifyAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const serial = "122200000001"
		dir := t.TempDir()
		a, b := NewGatewayLock(dir, "ENVOY", serial, "a"), NewGatewayLock(dir, "ENVOY_GARAGE", serial, "b")
		if err := a.Hold(""); err != nil {
			t.Fatal(err)
		}
		asked := 0
		for range 1200 {
			if b.Hold("") == nil {
				asked++
				if b.Holds(serial) {
					t.Fatal("both hold the gateway")
				}
			}
			time.Sleep(time.Second)
		}
		if asked < 3 || asked > 4 {
			t.Errorf("asked %d times in 20 minutes, want every 5", asked)
		}
	})
}

func TestGatewayLockErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := NewGatewayLock(file, "ENVOY", "", "").Hold(""); err == nil {
		t.Error("Hold in a file succeeds")
	}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "locks", "section-ENVOY_A%2FB"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := NewGatewayLock(dir, "ENVOY_A/B", "", "").Hold(""); err == nil || !strings.HasPrefix(err.Error(), "lock [ENVOY_A/B]: ") {
		t.Errorf("Hold of a folder = %v", err)
	}
}

// TestFleetFolder checks that shards use a folder together, but not with a process
// that has no SHARD.
func TestFleetFolder(t *testing.T) {
	dir := t.TempDir()
	first, err := LockShared(dir)
	if err != nil {
		t.Fatal(err)
	}
	second, err := LockShared(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Lock(dir); !errors.Is(err, ErrFleet) {
		t.Errorf("Lock = %v, want ErrFleet", err)
	}
	first.Close()
	second.Close()
	alone, err := Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer alone.Close()
	if _, err := LockShared(dir); !errors.Is(err, ErrInUse) {
		t.Errorf("LockShared = %v, want ErrInUse", err)
	}
}

// TestSharedGatewayStore checks that processes that share the files keep what the
// others have stored.
func TestSharedGatewayStore(t *testing.T) {
	dir := t.TempDir()
	stores := []*GatewayStore{NewGatewayStore(dir), NewGatewayStore(dir)}
	for i, section := range []string{"ENVOY", "ENVOY_GARAGE"} {
		serial := []string{"122200000001", "122200000002"}[i]
		stores[i].IsShared = true
		if err := errors.Join(stores[i].SetSerial(section, serial), stores[i].SetPhases(map[string]int{serial: 1 + i}), stores[i].SetMeasured(serial, Measured{Current: true})); err != nil {
			t.Fatal(err)
		}
	}
	got := NewGatewayStore(dir)
	for i, section := range []string{"ENVOY", "ENVOY_GARAGE"} {
		serial := got.Serial(section)
		if m, known := got.Measured(serial); serial == "" || got.Phases(serial) != 1+i || !known || !m.Current {
			t.Errorf("%s: serial %q, %d phases, %+v", section, serial, got.Phases(serial), m)
		}
	}
}

// TestLockFile checks that a file that another process has locked for too long is
// reported.
func TestLockFile(t *testing.T) {
	dir := t.TempDir()
	unlock, err := LockFile(filepath.Join(dir, "gateways.lock"))
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		s := NewGatewayStore(dir)
		s.IsShared = true
		if err := s.SetSerial("ENVOY", "122200000001"); err == nil || !strings.Contains(err.Error(), "gateways.lock: another process has held it for 10s") {
			t.Errorf("SetSerial = %v", err)
		}
	})
	unlock()
	if unlock, err = LockFile(filepath.Join(dir, "gateways.lock")); err != nil {
		t.Error(err)
	} else {
		unlock()
	}
}
