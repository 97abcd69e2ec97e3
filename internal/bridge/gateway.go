package bridge

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/problem"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// A gateway polls one gateway and publishes what it measures.
type gateway struct {
	house   *house
	feed    Feed
	log     zerolog.Logger
	polling sync.WaitGroup

	// These belong to the polling goroutine.
	session     *envoy.Session
	failures    int // polls in a row that gave no sample
	retry       retry
	skipping    time.Time   // since when answers are skipped; zero while they are not
	logged      problem.Set // since the last good sample
	noGrid      error       // why consumption was last not measured; nil where it was
	certificate string
	frozenCTs   []envoy.Measurement // as last logged
	filters     filters
	due         time.Time // the next poll
	agenda      agenda
	behind
	answers    answerTimes
	timed      time.Time // when their figures were last told
	formatters schema.Formatters
	phases     int       // as last told to the feed
	saved      time.Time // when the counters were last saved
	saveFailed bool      // the last time
	restored   string    // the serial number that they were restored for

	deleted storm // messages by which Home Assistant deletes the device

	mu         sync.Mutex // guards what follows
	serial     string
	source     string // where samples come from; empty before the first
	state      string // availability, as last published; empty before the first word
	good       time.Time
	polled     time.Time   // when the last poll ended
	wrong      error       // why it gave no sample
	estimating bool        // the storage's energies are estimated
	stale      *time.Timer // speaks when no good sample came for too long, also while a poll hangs
	grid       gridWatch
	presence
	things map[string]things // by kind
	rounds map[string]int    // complete answers about a kind, or a group of extras
}

func newGateway(h *house, f Feed, log zerolog.Logger) *gateway {
	g := &gateway{house: h, feed: f, log: log, serial: f.Serial, filters: newFilters(log), formatters: schema.NewFormatters(f.Profiles), things: map[string]things{}, rounds: map[string]int{}}
	f.Client.StaleAfter = f.StaleAfter
	f.Client.Observe = func(path string, took time.Duration, err error) {
		g.answers.note(path, took, err)
		if f.Observe != nil {
			f.Observe(path, took, err)
		}
	}
	shortened := map[string]bool{} // paths
	f.Client.Shortened = func(path string) {
		if !shortened[path] {
			shortened[path] = true
			g.log.Warn().Str("path", path).Msg("the response has more than 2,000 entries, the rest is ignored")
		}
	}
	f.Client.Limit = g.requestTimeout
	g.agenda = agenda{
		{name: "production.json", every: time.Minute, later: true, path: productionPath, ask: func(ctx context.Context, s *envoy.Session) error { return s.Judge(ctx) }},
		{name: "meters", every: ctsEvery, path: "/ivp/meters", ask: g.checkMeters},
		{name: "clock", every: time.Hour, later: true, path: "/info", ask: func(ctx context.Context, s *envoy.Session) error { return s.ReadClock(ctx) }},
	}
	g.agenda = append(g.agenda, g.deviceTasks()...)
	return g
}

// known returns the gateway's serial number, or "" before it is known.
func (g *gateway) known() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.serial
}

// reopenAfter is how many failures in a row are an outage, after which the
// gateway's /info is read again: firmware is pushed silently.
const reopenAfter = 2

// poll reads one sample, after /info where that is not known.
func (g *gateway) poll(ctx context.Context) (envoy.Sample, error) {
	if g.session == nil {
		session, err := g.feed.Client.Open(ctx)
		if err != nil {
			return envoy.Sample{}, err
		}
		if other, taken := g.house.reads(session.Serial, g); taken {
			return envoy.Sample{}, fmt.Errorf("gateway %s is read already, as %s: two HOSTs lead to it", session.Serial, other)
		}
		g.session = session
		g.agenda.reset()
		g.meet(session)
	}
	s, err := g.session.Sample(ctx)
	g.compareCertificate()
	return s, err
}

// meet takes note of who answers.
func (g *gateway) meet(s *envoy.Session) {
	g.mu.Lock()
	old := g.serial
	if old != s.Serial {
		g.sayFailSafe()
		g.state, g.presence, g.grid, g.formatters = "", presence{}, gridWatch{}, schema.NewFormatters(g.feed.Profiles)
		g.filters, g.behind, g.estimating = newFilters(g.log), behind{}, false
		g.forgetThings()
	}
	g.serial = s.Serial
	if d := newDevice(s.Info, g.feed.Device); !d.equal(g.device) {
		g.device, g.outdated = d, true
	}
	g.mu.Unlock()
	g.compareCertificate()
	if g.restored != s.Serial {
		g.restored = s.Serial
		g.restoreCounters(s.Serial)
	}
	if old == s.Serial {
		return
	}
	g.log.Info().Str("serial", s.Serial).Str("firmware", s.Firmware).Str("url", s.URL()).Msg("gateway found")
	if old != "" {
		g.log.Warn().Str("old", old).Str("new", s.Serial).Msg("another gateway answers: the old one's entities stay offline until they are removed")
		g.house.board.forget(g.house.topics.Discovery(schema.GatewayID(old)), g.house.topics.Gateway(old))
		g.house.board.put(available, retained(g.house.topics.Availability(old), schema.Offline), time.Time{})
	}
	if g.feed.Found != nil {
		g.feed.Found(s.Serial)
	}
	if doc, ok := g.house.inventory.take(g.house.topics.Discovery(schema.GatewayID(s.Serial))); ok {
		g.supersede([]byte(doc))
	}
	g.house.describe()
	g.house.sweeper.look()
}

// compareCertificate says once which certificate the gateway has, so that it
// can be pinned, and warns when it shows another.
func (g *gateway) compareCertificate() {
	sum, ok := g.feed.Client.Certificate()
	if !ok || sum == g.certificate || g.feed.Client.Fingerprint != "" {
		return
	}
	if g.certificate == "" {
		g.log.Info().Str("sha256", sum).Msg("certificate, not pinned")
	} else {
		g.log.Warn().Str("sha256", sum).Str("before", g.certificate).Msg("the gateway shows another certificate")
	}
	g.certificate = sum
}

// succeed publishes a good sample. Its values under live are of use until the next.
func (g *gateway) succeed(s envoy.Sample, next time.Time) {
	if g.wasWrong() {
		g.log.Info().Int("failures", g.failures).Msg("gateway reads again")
	}
	g.failures, g.skipping, g.retry = 0, time.Time{}, retry{}
	g.logged.Clear()
	g.log.Debug().Dur("took", s.Took).Time("reading", s.Reading).Msg("sample")
	if !problem.Same(s.NoGrid, g.noGrid) {
		g.noGrid = s.NoGrid
		if s.NoGrid != nil {
			g.log.Warn().Err(s.NoGrid).Msg("no net consumption")
		}
	}
	if n := schema.GridPhases(s); n > 0 && n != g.phases && g.feed.Phases != nil {
		g.phases = n
		g.feed.Phases(n)
	}
	g.noteFrozen(s.Frozen)
	g.publish(s, next)
	g.saveCounters(false)
}

// fail takes note of a poll that began at start and failed, and returns when
// the next one is due. What is broken is said once, and again only when it is
// broken in another way.
func (g *gateway) fail(err error, start time.Time) (due time.Time) {
	g.house.errors.Add(1)
	level, now := zerolog.WarnLevel, time.Now()
	due = now.Add(g.pace())
	_, skipped := errors.AsType[*envoy.SkippedError](err)
	_, frozen := errors.AsType[*envoy.FrozenError](err)
	switch {
	case skipped: // the gateway answers, and a pause would help nobody
		level, g.retry = zerolog.DebugLevel, retry{}
		if g.skipping.IsZero() {
			g.skipping = now
		}
	case frozen: // likewise
		g.retry = retry{}
		g.failures++
	default:
		due = g.retry.next(failureOf(err), start, now, g.pace())
		if g.failures++; g.failures >= reopenAfter || errors.Is(err, envoy.ErrReopen) {
			g.session = nil
		}
	}
	g.once(&g.logged, level, err, "gateway not read, trying on")
	g.noteWrong(err)
	return due
}

// once logs err, unless the same problem was logged since the last good sample.
func (g *gateway) once(logged *problem.Set, level zerolog.Level, err error, msg string) {
	if logged.Add(err) {
		g.log.WithLevel(level).Err(err).Msg(msg)
	}
}
