package envoy

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
)

// A productionSource makes samples of /production.json.
type productionSource struct {
	sourceBase
	pv      pvChooser
	reports *device.Reports
	devices *device.Reader

	sum         inverterSum // of the last sample
	newMeters   int         // answers in a row with a production meter that was not there before
	isListAsked bool        // by learnReports
}

// An inverterSum is production by the inverters' reports.
type inverterSum struct {
	meter Meter
	at    time.Time // when it was read; zero if it was not
}

// sumMaxAge is how long the inverters' sum, which is five minutes old when it
// is read, is repeated between two readings of it.
const sumMaxAge = 3 * time.Minute

// reportsInterval is how often /production.json is read only for the time of the
// inverters' reports, where the list of the inverters is not read more often.
const reportsInterval = 10 * time.Minute

// last returns the sum, if it is not too old.
func (s inverterSum) last() (Meter, bool) {
	return s.meter, !s.at.IsZero() && time.Since(s.at) <= sumMaxAge
}

func (p *productionSource) sample(ctx context.Context) (Sample, error) {
	r, err := p.read(ctx)
	if err != nil {
		return Sample{}, err
	}
	if err := p.checkLayout(&r); err != nil {
		return Sample{}, err
	}
	if p.layout.pv == pvUndecided {
		if err := p.pv.decide(ctx, &r); err != nil {
			return Sample{}, err
		}
	}
	p.layout.add(&r)
	p.memory.update(func(m *memory) { m.layout = p.layout })
	if err := p.dropFrozen(productionPath, &r); err != nil {
		return Sample{}, err
	}
	return p.build(ctx, &r)
}

// read reads /production.json, unless nothing in it is of use: a gateway without a
// meter reports the same, sooner and better, elsewhere, but not when its inverters
// reported if it does not show their list.
func (p *productionSource) read(ctx context.Context) (reading, error) {
	isElsewhere := p.layout.pv == pvByAPI && !p.req.Metered && !p.layout.active
	if isElsewhere && (!p.req.AtLeast(4) || time.Since(p.reports.Read) < reportsInterval) {
		return reading{noGrid: p.layout.noGrid}, nil
	}
	p.reports.Read = time.Now()
	p.setup.learn(ctx)
	p.layout.configure(p.setup.configs)
	r, err := p.getReading(ctx, productionPath, func(body []byte) (reading, error) { return parseProduction(body, &p.layout) })
	if err == nil {
		if err = r.dropLost(&p.layout.legs); err == nil {
			p.layout.legs.add(r.meters)
		}
		r.keepMeasured(p.setup.installed(&r)) // of a computed meter no voltage, which shows a lost phase
		p.clock.Report(r.at)
		p.reports.KeepACBatteries(r.acBatteries)
		if r.hasInverters {
			p.reports.KeepInverters(r.invertersAt)
		}
	}
	if err != nil && isElsewhere {
		return reading{noGrid: p.layout.noGrid}, nil
	}
	if r.empty && p.req.Metered && p.layout.pv == pvUndecided {
		return reading{}, fmt.Errorf("%s: it contains no meter: %w", productionPath, r.noGrid)
	}
	if !p.req.AtLeast(4) && isMissing(err) {
		return reading{noGrid: fmt.Errorf("firmware %s knows no consumption", p.req.Firmware)}, nil // 3.x has no /production.json and answers a page
	}
	return r, err
}

// checkLayout compares r with what this session and the one before have seen.
func (p *productionSource) checkLayout(r *reading) error {
	if m, ok := p.layout.missing(r); ok {
		return &SkippedError{fmt.Sprintf("%s, read before, is missing in the response", m)}
	}
	known := p.memory.lastLayout()
	if m, ok := known.missing(r); ok && p.layout.pv == pvUndecided && p.confirmation.mayReappear() {
		return &SkippedError{fmt.Sprintf("%s, read before the interruption, is missing in the response", m)}
	}
	if r.meter(Production) == nil || p.layout.pv == pvUndecided || p.layout.pv == pvByCT {
		p.newMeters = 0
		return nil
	}
	if p.newMeters++; p.newMeters >= confirmations {
		return fmt.Errorf("a production meter appeared: %w", ErrReopen)
	}
	return nil
}

// build makes a sample of r, which has passed the checks.
func (p *productionSource) build(ctx context.Context, r *reading) (Sample, error) {
	sample := Sample{Time: time.Now(), MeasuredAt: r.time(), HasCT: !r.at.IsZero(), NoGrid: r.noGrid, Frozen: r.frozen}
	sample.Meters = slices.DeleteFunc(r.meters, func(m Meter) bool {
		return m.Measurement == Production && p.layout.pv != pvByCT
	})
	production, err := p.pv.channel(ctx, r)
	if err != nil {
		return Sample{}, err
	}
	if production != nil {
		awake := p.reports.IsAwake(r.invertersAt)
		if p.layout.pv == pvByAPI { // it has no time
			p.learnReports(ctx)
			awake = p.reports.AreInvertersAwake()
		}
		if !awake {
			production.Drop(Power)
		}
		sample.Time = time.Now()
		p.sum = inverterSum{p.layout.pv.meter(*production), sample.Time}
		sample.Meters = append([]Meter{p.sum.meter}, sample.Meters...)
	}
	if len(sample.Meters) == 0 {
		return Sample{}, fmt.Errorf("the gateway measures nothing: no production, and %w", r.noGrid)
	}
	return sample, nil
}

// learnReports reads the list of the inverters once, if nothing else has the time of
// their reports.
func (p *productionSource) learnReports(ctx context.Context) {
	if p.isListAsked || p.reports.HasTime() {
		return
	}
	p.isListAsked = true
	ctx, cancel := withFastTimeout(ctx)
	defer cancel()
	_, _ = p.devices.Inverters(ctx) // without it, the age stays unknown
}
