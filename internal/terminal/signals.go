package terminal

import (
	"context"
	"os/signal"
	"syscall"
)

// EndedBySignals returns a context that also ends when the terminal is closed, so
// that the caller can clean up. Until stop is called, a write to standard output
// whose reader has gone returns EPIPE in place of ending the process. SIGPIPE itself
// must not end the context: the kernel sends it for connections, too.
func EndedBySignals(ctx context.Context) (_ context.Context, stop context.CancelFunc) {
	signal.Ignore(syscall.SIGPIPE)
	ctx, cancel := signal.NotifyContext(ctx, syscall.SIGHUP)
	return ctx, func() {
		cancel()
		signal.Reset(syscall.SIGPIPE)
	}
}
