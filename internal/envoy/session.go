package envoy

import (
	"cmp"
	"context"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/clock"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/locate"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/transport"
)

// A Session reads a gateway whose /info has been read. It keeps what it decides
// about the gateway's layout, such as where production comes from, because a
// counter whose source changes jumps by megawatt-hours. Its methods are not for
// concurrent use; its client's are.
//
// The methods that are not in this file belong to the embedded parts: which source
// samples come from to selection (selection.go), how the CTs are set up to
// meterSetup (metersetup.go), inverters and batteries to [device.Reader].
type Session struct {
	locate.Info
	*device.Reader
	*meterSetup
	*selection

	*gateway
	correction Correction
}

// newSession returns a session with the gateway of info, which answered at base.
func newSession(c *Client, info locate.Info, base string, previous previousSession) *Session {
	g := &gateway{
		req:          c.access.NewRequester(info, base, c.Tokens),
		memory:       &c.memory,
		clock:        clock.New(info.Time),
		layout:       layout{legs: previous.legs},
		confirmation: confirmation{since: time.Now(), reconfigured: previous.reconfigured},
		newest:       map[string]time.Time{},
	}
	selected := c.Source == AutoSource && previous.source == FromMeters // after an interruption the gateway answers the readings long before /production.json
	setup := &meterSetup{gateway: g, selecting: c.Source == AutoSource && !selected}
	source := sourceBase{gateway: g, setup: setup, staleAfter: c.StaleAfter}
	reports := device.NewReports(&g.clock, previous.acb, func(acb device.ACBReport) {
		g.memory.update(func(m *memory) { m.acb = acb })
	})
	devices := device.NewReader(g.req, reports)
	production := &productionSource{sourceBase: source, reports: reports, devices: devices, pv: pvChooser{g, setup}}
	selection := &selection{
		gateway:    g,
		setup:      setup,
		configured: c.Source,
		production: production,
		readings:   &readingsSource{sourceBase: source, production: production},
		livedata:   &livedataSource{sourceBase: source},
		sunspec: &sunspecSource{
			gateway: g,
			modbus:  c.modbus,
			timeout: cmp.Or(c.Timeout, transport.DefaultTimeout),
			observe: c.Observe,
			seen:    layout{pv: pvByCT},
		},
	}
	if selected {
		selection.state = sourceState{selected: true, source: FromMeters}
	}
	return &Session{Info: info, gateway: g, Reader: devices, meterSetup: setup, selection: selection, correction: c.Correction}
}

// URL returns the address under which the gateway answered.
func (s *Session) URL() string { return s.req.Base }

// Sample reads the gateway once. A *[SkippedError] reports that it answered and
// that the answer is not plausible, [ErrReopen] that another session must be
// opened.
func (s *Session) Sample(ctx context.Context) (Sample, error) {
	s.req.Took = 0
	defer s.startSample()()
	sample, err := s.sample(ctx) // of the selected source
	if err != nil {
		return Sample{}, err
	}
	if _, isMeasured := sample.Meter(NetConsumption); isMeasured && s.correction.Changes() {
		if err := s.requireComputed(ctx); err != nil {
			return Sample{}, err
		}
	}
	computed := s.computed()
	sample.Took, sample.IsGridComputed = s.req.Took, computed == NetConsumption
	if err := s.correction.apply(&sample, computed); err != nil {
		return Sample{}, err
	}
	for i := range sample.Meters {
		sample.Meters[i].signCurrent()
	}
	sample.AddHouse(false) // whether there are batteries is not known here
	return sample, nil
}

// ReadClock reads the gateway's clock again, from /info, where no CT has it.
func (s *Session) ReadClock(ctx context.Context) error {
	if s.clock.HasCT() {
		return nil
	}
	info, err := s.req.ReadInfo(ctx)
	if err != nil {
		return err
	}
	s.clock.Set(info.Time)
	return nil
}

// Date returns a time by the gateway's clock for publication. It is zero if that
// clock is more than a day from ours, or if the time is as far in the future.
func (s *Session) Date(t time.Time) time.Time { return s.clock.Date(t) }

// SampleDate is Date for the MeasuredAt of a sample: that of a CT is the present time by
// the gateway's clock.
func (s *Session) SampleDate(sample Sample) time.Time {
	if sample.HasCT && !clock.IsNear(sample.MeasuredAt) {
		return time.Time{}
	}
	return s.clock.Date(sample.MeasuredAt)
}

// ProbeModbus connects once to the port of Modbus TCP, and reports whether that
// succeeds.
func (s *Session) ProbeModbus(ctx context.Context) error {
	return s.sunspec.modbus.Probe(ctx, s.sunspec.host())
}
