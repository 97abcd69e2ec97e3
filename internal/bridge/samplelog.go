package bridge

import (
	"slices"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/problem"
)

// A sampleLog logs what is remarkable about samples and their gateway, each time
// it changes.
type sampleLog struct {
	log         zerolog.Logger
	outages     outageLog
	gateway     foundGateway
	certificate string // SHA-256
	source      string // where samples come from; empty before the first
	noGrid      error  // why net consumption is missing
	frozen      []envoy.Measurement
}

// A foundGateway is which gateway responds, and where.
type foundGateway struct{ serial, firmware, url string }

// logGateway logs which gateway responds.
func (l *sampleLog) logGateway(s *envoy.Session) {
	g := foundGateway{s.Serial, s.Firmware, s.URL()}
	if g == l.gateway {
		return
	}
	l.gateway = g
	l.log.Info().Str("serial", g.serial).Str("firmware", g.firmware).Str("url", g.url).Msg("gateway found")
}

// logCertificate logs the certificate of the gateway, so that it can be pinned, and
// warns if it has changed.
func (l *sampleLog) logCertificate(c *envoy.Client) {
	sum, ok := c.Certificate()
	if !ok || sum == l.certificate || c.Fingerprint != "" {
		return
	}
	if l.certificate == "" {
		l.log.Info().Str("sha256", sum).Msg("gateway certificate is not pinned")
	} else {
		l.log.Warn().Str("sha256", sum).Str("before", l.certificate).Msg("gateway certificate changed")
	}
	l.certificate = sum
}

// logSource logs where samples come from, and why not from the meters' readings if they
// could. The source is empty until one is selected.
func (l *sampleLog) logSource(source, reason string) {
	if source == "" || source == l.source {
		return
	}
	l.source = source
	if reason != "" {
		l.log.Warn().Str("why", reason).Msg("only /production.json is used")
	} else {
		l.log.Info().Str("source", source).Msg("source of samples")
	}
}

// logMissing logs what s does not contain although a CT should measure it.
func (l *sampleLog) logMissing(s envoy.Sample) {
	if !problem.Same(s.NoGrid, l.noGrid) {
		if l.noGrid = s.NoGrid; s.NoGrid != nil {
			l.log.Warn().Err(s.NoGrid).Msg("net consumption is not available")
		}
	}
	if slices.Equal(s.Frozen, l.frozen) {
		return
	}
	if l.frozen = s.Frozen; len(s.Frozen) == 0 {
		l.log.Info().Msg("all CTs report new readings again")
		return
	}
	names := make([]string, len(s.Frozen))
	for i, m := range s.Frozen {
		names[i] = m.String()
	}
	l.log.Warn().Strs("cts", names).Msg("frozen CTs are omitted")
}
