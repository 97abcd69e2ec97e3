package envoy

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Session is a gateway whose /info has been read. What it decides of the
// gateway's layout, such as where production comes from, it keeps, because a
// counter whose source changes jumps by megawatt-hours.
type Session struct {
	Info
	base   string    // the URL that answered
	opened time.Time // when /info was read
	client *Client

	layout   layout
	choice   choice
	sum      inverterSum
	stream   stream
	optional map[string]optional  // by path
	newest   map[string]time.Time // the gateway's time of the last reading, by path
	acb      acbReport
	clock    clock
	iq       []Battery     // of the last inventory
	reported time.Time     // newest report of an inverter, by the gateway's clock
	took     time.Duration // of the answers to the present sample
	lost     int           // answers in a row that lack a meter which an earlier session knew, or which is enabled
	setUp    bool          // the gateway has said that its CTs were set up anew, so that one may be missing
	found    int           // answers in a row with a production meter that was not there before
}

// confirm is how many answers in a row must agree before a change of the
// layout is believed: firmware 8.3.5xxx loses its meters for single answers.
const confirm = 3

// lostFor is how long a meter that an earlier session knew, or that is enabled,
// must be missing besides: a gateway that restarts answers without its meters
// for a while, and what is given up is taken from Home Assistant.
const lostFor = 5 * time.Minute

// Open reads the gateway's /info. It returns an error when the gateway is not
// there or is none.
func (c *Client) Open(ctx context.Context) (*Session, error) {
	c.init()
	info, base, err := c.find(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.silent = time.Time{}
		return nil, err
	}
	if c.owner != info.Serial || c.firmware != info.Firmware {
		c.chosen = FromProduction
	}
	if c.owner != info.Serial {
		c.owner, c.known, c.ctTimes, c.acb, c.configured = info.Serial, layout{}, nil, acbReport{}, false
	}
	c.firmware, c.found = info.Firmware, base
	s := &Session{Info: info, base: base, opened: time.Now(), client: c, setUp: c.setUp, acb: c.acb}
	c.setUp = false
	if c.chosen == FromMeters { // after an interruption the readings are there long before /production.json
		s.choice.made, s.choice.source = true, FromMeters
	}
	return s, nil
}

// URL returns the address under which the gateway answered.
func (s *Session) URL() string { return s.base }

// Sample reads the gateway once. A *[SkippedError] says that it answered and
// that the answer is not to be believed, [ErrReopen] that another session must
// be opened. Sample is not for concurrent use; its client is.
func (s *Session) Sample(ctx context.Context) (Sample, error) {
	s.took = 0
	sample, err := s.bySource(ctx)
	if err != nil {
		return Sample{}, err
	}
	sample.Took = s.took
	if err := s.client.Correction.apply(&sample); err != nil {
		return Sample{}, err
	}
	for i := range sample.Meters {
		sample.Meters[i].signCurrent()
	}
	sample.AddHouse(false)
	return sample, nil
}

// fromProduction makes a sample of /production.json.
func (s *Session) fromProduction(ctx context.Context) (Sample, error) {
	r, err := s.read(ctx)
	if err != nil {
		return Sample{}, err
	}
	return s.judge(ctx, r)
}

// read asks for /production.json, unless nothing in it is of use: a gateway
// without a meter tells the same, sooner and better, elsewhere.
func (s *Session) read(ctx context.Context) (reading, error) {
	if s.layout.source == fromV1 && !s.Metered && !s.layout.active {
		return reading{noGrid: s.layout.noGrid}, nil
	}
	s.learnConfigs(ctx)
	r, err := s.getReading(ctx, productionPath, func(body []byte) (reading, error) { return parseProduction(body, &s.layout) })
	if err == nil {
		r.keepMeasured(s.installed(&r))
		s.clock.report(r.at)
		s.keepACBatteries(r.storage)
	}
	if r.empty && s.Metered && s.layout.source == undecided {
		return reading{}, fmt.Errorf("%s: there is no meter in it: %w", productionPath, r.noGrid)
	}
	if _, page := errors.AsType[*htmlError](err); page && !s.AtLeast(4) {
		return reading{noGrid: fmt.Errorf("firmware %s knows no consumption", s.Firmware)}, nil // 3.x has no /production.json and says so in a page
	}
	return r, err
}

// judge makes a sample of what was read, if it fits what is known.
func (s *Session) judge(ctx context.Context, r reading) (Sample, error) {
	if err := s.compare(r); err != nil {
		return Sample{}, err
	}
	if s.layout.source == undecided {
		if err := s.decide(ctx, r); err != nil {
			return Sample{}, err
		}
	}
	s.layout.add(r)
	s.remember()
	if err := s.dropFrozen(productionPath, &r); err != nil {
		return Sample{}, err
	}

	sample := Sample{Time: time.Now(), Reading: r.time(), Metered: !r.at.IsZero(), NoGrid: r.noGrid, Frozen: r.frozen}
	for _, m := range r.meters {
		if m.Measurement != Production || s.layout.source == fromMeter {
			sample.Meters = append(sample.Meters, m)
		}
	}
	production, err := s.production(ctx, r)
	if err != nil {
		return Sample{}, err
	}
	if production != nil {
		if !s.invertersAreAwake(r) {
			production.Drop(Power)
		}
		sample.Time = time.Now()
		s.sum = inverterSum{s.layout.source.meter(*production), sample.Time}
		sample.Meters = append([]Meter{s.sum.meter}, sample.Meters...)
	}
	if len(sample.Meters) == 0 {
		return Sample{}, fmt.Errorf("the gateway measures nothing: no production, and %w", r.noGrid)
	}
	return sample, nil
}

// compare holds an answer against what this session and the one before know.
func (s *Session) compare(r reading) error {
	if m, ok := s.layout.lacks(r); ok {
		return &SkippedError{fmt.Sprintf("%s, read before, is not in it", m)}
	}
	s.client.mu.Lock()
	known := s.client.known
	s.client.mu.Unlock()
	if m, ok := known.lacks(r); ok && s.layout.source == undecided && s.mayReturn() {
		return &SkippedError{fmt.Sprintf("%s, read before the interruption, is not in it", m)}
	}
	if r.meter(Production) != nil && s.layout.source != undecided && s.layout.source != fromMeter {
		if s.found++; s.found >= confirm {
			return fmt.Errorf("a production meter appeared: %w", ErrReopen)
		}
	} else {
		s.found = 0
	}
	return nil
}

// mayReturn reports whether it is too early to believe that a meter is gone.
func (s *Session) mayReturn() bool {
	s.lost++
	return s.lost < confirm || !s.setUp && time.Since(s.opened) < lostFor
}

func (s *Session) remember() {
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	s.client.known = s.layout
}

// get reads path in the way that the firmware asks for.
func (s *Session) get(ctx context.Context, path string, fits fits) ([]byte, error) {
	switch {
	case !s.NeedsToken:
		return s.timed(func() ([]byte, error) { return s.client.getDigest(ctx, s.base, path, fits) })
	case s.client.Tokens == nil:
		return nil, fmt.Errorf("firmware %s: %w", s.Firmware, ErrNoTokenSource)
	}
	return s.authorized(ctx, path, fits)
}

// timed adds the time that an answer takes to that of the sample.
func (s *Session) timed(get func() ([]byte, error)) ([]byte, error) {
	start := time.Now()
	body, err := get()
	s.took += time.Since(start)
	return body, err
}
