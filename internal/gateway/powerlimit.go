package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// limitTimeout limits the reading of settings that a fast process of the gateway
// keeps.
const limitTimeout = 10 * time.Second

// LimitWriter returns what changes the limit of the gateway with that serial
// number, with a client of its own.
func (g *Gateway) LimitWriter(serial string) *envoy.LimitWriter {
	client := NewClient(g.Gateway, installerTokens{g.InstallerTokens})
	client.Serial = serial
	return &envoy.LimitWriter{Client: client, Serial: serial}
}

// installerTokens is a token source whose errors report that the role is missing.
type installerTokens struct{ *enlighten.Source }

// Token implements [envoy.TokenSource].
func (t installerTokens) Token(ctx context.Context, serial string) (string, error) {
	token, err := t.Source.Token(ctx, serial)
	for _, missing := range []error{enlighten.ErrNotInstaller, enlighten.ErrNoToken, enlighten.ErrNoAccount} {
		if errors.Is(err, missing) {
			return "", fmt.Errorf("%w: %w", envoy.ErrNeedsInstaller, err)
		}
	}
	return token, err
}

// LimitNotes returns what the settings of a gateway say about low power. Most
// gateways have no such settings, or do not show them to an owner: errors are
// ignored.
func LimitNotes(ctx context.Context, s *envoy.Session) (notes []string) {
	ctx, cancel := context.WithTimeout(ctx, limitTimeout)
	defer cancel()
	if p, err := s.PowerLimit(ctx); err == nil && p.Active {
		what := "production"
		if p.Export {
			what = "export"
		}
		notes = append(notes, fmt.Sprintf("A power limit is active on the gateway: %s is limited to %.0f W, which explains low power.", what, p.Power))
	}
	if off, err := s.ProductionOff(ctx); err == nil && off {
		notes = append(notes, "Production is switched off on the gateway, which explains low power.")
	}
	return notes
}
