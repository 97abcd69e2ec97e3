package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/powerlimit"
)

// LoginTimeout is how long readings of a gateway may wait for a login to Enphase for
// its limit. The login continues, for the next attempt.
const LoginTimeout = time.Second

// errNoAnswer reports that a login takes longer.
var errNoAnswer = errors.New("the login to Enphase takes longer, the next attempt may have it")

// LimitWriter returns what changes the limit of the gateway with that serial
// number, with a client of its own. A request waits for a login at most so long,
// or with 0 until its context ends.
func (g *Gateway) LimitWriter(serial string, wait time.Duration) *powerlimit.Writer {
	client := NewClient(g.Gateway, installerTokens{g.InstallerTokens, wait})
	client.Serial = serial
	return &powerlimit.Writer{Client: client, Serial: serial}
}

// installerTokens is a token source whose errors report that the role is missing.
type installerTokens struct {
	*enlighten.Source
	wait time.Duration // for a login; 0 means until the context ends
}

// Token implements [auth.TokenSource].
func (t installerTokens) Token(ctx context.Context, serial string) (string, error) {
	inTime, cancel := ctx, func() {}
	if t.wait != 0 {
		inTime, cancel = context.WithTimeoutCause(ctx, t.wait, errNoAnswer)
	}
	defer cancel()
	token, err := t.Source.Token(inTime, serial)
	if err != nil && errors.Is(context.Cause(inTime), errNoAnswer) {
		return "", errNoAnswer
	}
	for _, missing := range []error{enlighten.ErrNotInstaller, enlighten.ErrNoToken, enlighten.ErrNoAccount} {
		if errors.Is(err, missing) {
			return "", fmt.Errorf("%w: %w", powerlimit.ErrNeedsInstaller, err)
		}
	}
	return token, err
}
