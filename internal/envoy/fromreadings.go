package envoy

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
)

// A readingsSource makes samples of /ivp/meters/readings.
type readingsSource struct {
	sourceBase
	production *productionSource // for the inverters' sum, which CheckSource reads again

	last reading // the newest one
}

// read reads the meters and, where that is not known yet, how the CTs are set
// up. If no CT is enabled, it returns a reading without meters.
func (s *readingsSource) read(ctx context.Context) (reading, error) {
	configs, err := s.setup.require(ctx)
	if err != nil {
		return reading{}, err
	}
	if !slices.ContainsFunc(configs, func(c device.MeterConfig) bool { return c.Enabled }) {
		return reading{}, nil
	}
	r, err := s.getReading(ctx, readingsPath, func(body []byte) (reading, error) {
		return parseReadings(body, configs)
	})
	if err != nil {
		return reading{}, err
	}
	r.readAt = time.Now()
	s.layout.configure(configs)
	if err := r.dropLost(&s.layout.legs); err != nil {
		return reading{}, fmt.Errorf("%s: %w", readingsPath, err)
	}
	s.layout.legs.add(r.meters)
	s.memory.update(func(m *memory) { m.layout.legs = s.layout.legs })
	if err := s.dropFrozen(readingsPath, &r); err != nil {
		return reading{}, err
	}
	r.meters = derive(r.meters)
	s.last = r
	return r, nil
}

// readFast is read for a sample that also needs /production.json, see fastTimeout.
func (s *readingsSource) readFast(ctx context.Context) (reading, error) {
	ctx, cancel := withFastTimeout(ctx)
	defer cancel()
	return s.read(ctx)
}

func (s *readingsSource) sample(ctx context.Context) (Sample, error) {
	r, err := s.read(ctx)
	if err != nil {
		return Sample{}, err
	}
	if len(r.meters) == 0 {
		return Sample{}, fmt.Errorf("%s: %w", device.MetersPath, ErrNoCT)
	}
	sample := Sample{Time: r.readAt, MeasuredAt: r.at, HasCT: !r.at.IsZero(), Meters: r.meters, Frozen: r.frozen}
	if r.meter(NetConsumption) == nil {
		sample.NoGrid = fmt.Errorf("the gateway has no enabled CT at the grid connection: %s", needsCT)
	}
	if pv, ok := s.production.sum.last(); ok && r.meter(Production) == nil {
		sample.Meters = append([]Meter{pv}, sample.Meters...)
	}
	return sample, nil
}
