package envoy

import (
	"context"
	"errors"
	"fmt"
)

// A source is where a session takes production from.
type source uint8

const (
	undecided   source = iota
	fromMeter          // the production CT
	fromV1             // /api/v1/production
	fromSum            // the inverters entry of /production.json
	fromNowhere        // only consumption is measured
)

// meter is production by the inverters' reports.
func (s source) meter(total Channel) Meter {
	counters := InverterCounters
	if s == fromV1 {
		counters = APICounters
	}
	return Meter{Measurement: Production, Counters: counters, Total: total}
}

// A layout is what a gateway measures: what a session has seen of it is not
// given up while the session lasts.
type layout struct {
	source source
	active bool // some CT has been
	seen   [measurements]bool
	phases [measurements]int     // as lines; 0 where there were none
	volts  [measurements][3]bool // which phases have had some, and so are there
	noGrid error
}

// add extends l by what r has.
func (l *layout) add(r reading) {
	for _, m := range r.meters {
		l.seen[m.Measurement] = true
		l.phases[m.Measurement] = max(l.phases[m.Measurement], len(m.Phases))
		for i, p := range m.Phases {
			if v, _ := p.Get(Voltage); v > 50 { // less is noise on a terminal that nothing is connected to
				l.volts[m.Measurement][i] = true
			}
		}
	}
	l.active = l.active || r.active
	l.noGrid = r.noGrid
}

// lacks names a meter that l has and r has not, or not with all its phases.
func (l *layout) lacks(r reading) (Measurement, bool) {
	for m := range measurements {
		if !l.seen[m] || m == Production && l.source != fromMeter {
			continue
		}
		if got := r.meter(m); got == nil || len(got.Phases) < l.phases[m] {
			return m, true
		}
	}
	return 0, false
}

// decide chooses where production comes from, for as long as the session
// lasts: the meter if there is one, else /api/v1/production unless it is
// broken, else the inverters' sum (the order of pyenphase and of evcc).
func (s *Session) decide(ctx context.Context, r reading) error {
	if r.meter(Production) != nil {
		s.layout.source = fromMeter
		return nil
	}
	if s.Metered && !s.knownWithout() && s.MayMeasure(ctx, Production) && s.mayReturn() {
		return &SkippedError{"production, whose CT may be enabled, is not in it"}
	}
	if !s.staleV1(r) {
		_, err := s.v1(ctx)
		if err == nil {
			s.layout.source = fromV1
			return nil
		}
		if !cannot(err) && !errors.Is(err, errV1Zero) {
			return err // not there just now, which says nothing
		}
		if !r.counted && len(r.meters) == 0 {
			return s.unreadable(err)
		}
	}
	s.layout.source = fromNowhere
	if r.counted {
		s.layout.source = fromSum
	}
	return nil
}

// knownWithout reports whether an earlier session found no production meter.
func (s *Session) knownWithout() bool {
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	return s.client.known.source != undecided && s.client.known.source != fromMeter
}

// staleV1 reports whether /api/v1/production stands still: it does from
// 8.2.4264 on where the hardware has a meter but no CT is enabled.
func (s *Session) staleV1(r reading) bool {
	return s.Metered && !r.active && s.AtLeast(8, 2, 4264)
}

// cannot reports whether err means that the gateway does not know the path, at
// least not for this reader.
func cannot(err error) bool {
	if _, ok := errors.AsType[*htmlError](err); ok {
		return true
	}
	e, ok := errors.AsType[*StatusError](err)
	return errors.Is(err, ErrUnauthorized) || ok && e.Code >= 300 && e.Code < 500
}

func (s *Session) unreadable(err error) error {
	if !s.AtLeast(4) && cannot(err) {
		return fmt.Errorf("firmware %s can be read only as a web page, which is not supported: %w", s.Firmware, err)
	}
	return err
}

// production returns production by the session's source where that is not a
// meter, or nil.
func (s *Session) production(ctx context.Context, r reading) (*Channel, error) {
	switch s.layout.source {
	case fromV1:
		return s.v1(ctx)
	case fromSum:
		if !r.counted {
			return nil, &SkippedError{"the inverters, read before, are not in it"}
		}
		if wh, ok := r.inverters.Get(Energy); ok && wh == 0 {
			return nil, &SkippedError{"every number of the inverters is zero"}
		}
		return &r.inverters, nil
	}
	return nil, nil
}

func (s *Session) v1(ctx context.Context) (*Channel, error) {
	c, err := parsed(func(fits fits) ([]byte, error) { return s.get(ctx, v1Path, fits) }, parseV1)
	return &c, err
}
