package envoy

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/sunspec"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/transport"
)

// modbusPath is the path of Modbus requests for [Client.Observe].
const modbusPath = "modbus"

// errProductionOnly is why samples of Modbus have no net consumption.
var errProductionOnly = errors.New("the gateway reports only production over Modbus")

// A sunspecSource makes samples of the SunSpec model 701, over Modbus TCP. It needs no
// token. The registers have no time, so that a reading that stands still is not
// noticed.
type sunspecSource struct {
	*gateway
	modbus  *sunspec.Client
	timeout time.Duration // of a sample
	observe func(path string, took time.Duration, err error)

	seen   layout // by all samples
	missed int    // samples in a row with fewer phases than before
}

func (s *sunspecSource) sample(ctx context.Context) (Sample, error) {
	m, err := s.read(ctx)
	if err != nil {
		return Sample{}, err
	}
	if m.IsUnused() {
		return Sample{}, &SkippedError{"every number of the SunSpec model 701 is zero, also the voltage"}
	}
	meter, err := sunspecMeter(m)
	if err != nil {
		return Sample{}, fmt.Errorf("model 701 of Modbus TCP: %w", err)
	}
	if err := s.checkPhases(meter); err != nil {
		return Sample{}, err
	}
	return Sample{Time: time.Now(), Meters: []Meter{meter}, NoGrid: errProductionOnly}, nil
}

func (s *sunspecSource) read(ctx context.Context) (sunspec.Measurement, error) {
	ctx, cancel := transport.LimitAnswer(ctx, s.timeout)
	defer cancel()
	start := time.Now()
	m, err := s.modbus.Read(ctx, s.host())
	s.req.Took += time.Since(start)
	if s.observe != nil {
		s.observe(modbusPath, time.Since(start), err)
	}
	return m, err
}

// checkPhases compares the phases of the meter with those of the session. A phase that
// is missing in three samples in a row is accepted as missing, in another session.
func (s *sunspecSource) checkPhases(m Meter) error {
	r := reading{meters: []Meter{m}}
	if _, isMissing := s.seen.missing(&r); !isMissing {
		s.seen.add(&r)
		s.missed = 0
		return nil
	}
	reason := fmt.Sprintf("the SunSpec model 701 has %d phases, and had %d before", len(m.Phases), s.seen.phases[Production])
	if s.missed++; s.missed >= confirmations {
		return fmt.Errorf("%s: %w", reason, ErrReopen)
	}
	return &SkippedError{reason}
}

// sunspecMeter returns production. That the model reports production, and not the
// batteries too, is not documented by Enphase; see docs/modbus.md.
func sunspecMeter(m sunspec.Measurement) (Meter, error) {
	total, err := sunspecChannel(m.Total, field{"Hz", m.Hz, Frequency, 1})
	if err != nil {
		return Meter{}, err
	}
	meter := Meter{Measurement: Production, Register: SunSpecRegister, Total: total}
	if len(m.Lines) < 2 {
		return meter, nil
	}
	meter.Total.dropUnsummed()
	for i, l := range m.Lines {
		c, err := sunspecChannel(l)
		if err != nil {
			return Meter{}, fmt.Errorf("line %d: %w", i+1, err)
		}
		meter.Phases = append(meter.Phases, c)
	}
	return meter, nil
}

func sunspecChannel(l sunspec.Line, more ...field) (Channel, error) {
	c, err := newChannel(
		field{"W", l.W, Power, 1},
		append(more,
			field{"V", l.V, Voltage, 1},
			field{"A", l.A, Current, 1},
			field{"PF", l.PF, PowerFactor, 1},
			field{"VA", l.VA, ApparentPower, 1},
			field{"Var", l.Var, ReactivePower, 1},
			field{"TotWhInj", l.TotWhInj, Energy, 1e-3},
			field{"TotWhAbs", l.TotWhAbs, EnergyReceived, 1e-3},
		)...,
	)
	if pf, _ := c.Get(PowerFactor); pf < -1 || pf > 1 {
		c.Drop(PowerFactor)
	}
	return c, err
}

// host returns the host that answered /info.
func (s *sunspecSource) host() string {
	u, err := url.Parse(s.req.Base)
	if err != nil {
		return s.req.Base // which was a URL when it answered
	}
	return u.Hostname()
}
