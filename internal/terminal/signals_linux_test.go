package terminal

import (
	"errors"
	"os"
	"syscall"
	"testing"
	"time"
)

// TestBrokenConnection: a connection that the other end has closed, such as that of
// a browser that is killed, does not end a command. SIGHUP does.
func TestBrokenConnection(t *testing.T) {
	ctx, stop := EndedBySignals(t.Context())
	defer stop()
	ends, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, other := os.NewFile(uintptr(ends[0]), "ours"), os.NewFile(uintptr(ends[1]), "other")
	defer ours.Close()
	other.Close()
	if _, err := ours.WriteString("a reading"); !errors.Is(err, syscall.EPIPE) {
		t.Fatalf("the write returns %v, want EPIPE", err)
	}
	select {
	case <-ctx.Done():
		t.Error("SIGPIPE of a connection has ended the context")
	case <-time.After(50 * time.Millisecond):
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	<-ctx.Done()
}
