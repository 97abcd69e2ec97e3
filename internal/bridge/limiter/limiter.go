package limiter

import (
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/powerlimit"
	"github.com/envoy-mqtt/envoy-mqtt/internal/limit"
)

// Config lets commands limit the power of a gateway. The zero value changes nothing.
type Config struct {
	Enabled bool // otherwise only leases of the journal are ended
	Forever bool // commands without an end are permitted
	// Run identifies the process: leases of another one were interrupted.
	Run     string
	Journal Journal // nil means that there are no leases, and no commands
	Writer  func(serial string) *powerlimit.Writer
}

// A Journal stores the leases of gateways. Its methods do not wait. They call done
// from another goroutine.
type Journal interface {
	// Load reads what was last saved for a gateway, nil if nothing was.
	Load(serial string, done func([]byte, error))
	// Save replaces it. It must be on disk when done is called.
	Save(serial string, data []byte, done func(error))
}

// An Output publishes about one gateway.
type Output interface {
	// PublishLimit and PublishSwitch publish a setting that was read.
	PublishLimit(l powerlimit.Limit)
	PublishSwitch(isOff bool)
	PublishLimitResult(document string)
	// ClearLimitCommand removes a retained command from the broker.
	ClearLimitCommand()
	// Claim returns an error if another section or process may change the settings of
	// the gateway.
	Claim() error
}

// A Limiter changes the settings of one gateway. Its event loop owns it.
type Limiter struct {
	Inbox  *Inbox // also of the limiter that replaces it
	config Config
	serial string
	output Output
	log    zerolog.Logger
	writer *powerlimit.Writer // nil before the first request

	machine   *limit.Machine // nil until the journal was read
	isLoading bool
	isUnused  bool // commands are off and the journal is empty
	firmware  string
	logged    limit.Result // the latest
	refusedAt time.Time    // of the latest refusal that was logged
}

// New returns the limiter of the gateway with a serial number.
func New(c Config, serial string, inbox *Inbox, o Output, log zerolog.Logger) *Limiter {
	return &Limiter{Inbox: inbox, config: c, serial: serial, output: o, log: log}
}

// IsActive reports whether Next must be called at least once a second.
func (l *Limiter) IsActive() bool { return l.machine != nil && l.machine.IsActive() }

// Receive handles what is in the inbox.
func (l *Limiter) Receive(now time.Time) {
	messages, results := l.Inbox.take()
	for _, handle := range results {
		handle()
	}
	for _, m := range messages {
		if m.serial == l.serial {
			l.receive(m.Message, now)
		}
	}
	l.report()
}

func (l *Limiter) receive(m limit.Message, now time.Time) {
	if !l.config.Enabled {
		return
	}
	if m.Retained {
		l.output.ClearLimitCommand()
	}
	c, err := m.Command()
	switch {
	case l.machine == nil:
		text := "the gateway was not read yet, send it again"
		if err != nil {
			text = err.Error()
		}
		l.publish(limit.Result{Time: now.UTC().Truncate(time.Second), Status: limit.Refused, Text: text})
	case err != nil:
		l.machine.Reject(err, now)
	default:
		l.machine.Command(c, now)
	}
}

// load reads the journal, once the gateway is this section's.
func (l *Limiter) load() {
	if l.config.Journal == nil || l.isLoading || l.isUnused || l.output.Claim() != nil {
		return
	}
	l.isLoading = true
	l.config.Journal.Load(l.serial, func(data []byte, err error) { l.Inbox.add(func() { l.onLoaded(data, err) }) })
}

func (l *Limiter) onLoaded(data []byte, err error) {
	l.isLoading = false
	var r limit.Record
	if err == nil && len(data) > 0 {
		r, err = limit.ParseRecord(data)
	}
	if err != nil {
		l.log.Error().Err(err).Msg("journal of the power limit cannot be read, check whether the gateway still has a limit")
	}
	if l.isUnused = r.IsEmpty() && !l.config.Enabled; l.isUnused {
		return
	}
	for lever, lease := range r.Leases {
		l.log.Info().Str("setting", lever).Stringer("before", lease.Before).Msg("a power limit of an earlier run is in the journal")
	}
	l.machine = limit.NewMachine(limit.Config{Enabled: l.config.Enabled, Forever: l.config.Forever, Run: l.config.Run}, r, time.Now())
}

// Next returns the next request that is due, or nil. The gateway has answered with that
// firmware; isAway means that its latest samples have failed.
func (l *Limiter) Next(firmware string, isAway bool, now time.Time) Request {
	if l.firmware = firmware; l.machine == nil {
		l.load()
		return nil
	}
	l.machine.SetAway(isAway)
	if !l.machine.IsActive() {
		return nil
	}
	if err := l.output.Claim(); err != nil { // another section or process takes over with the journal
		l.machine.HandOver(now)
		l.report()
		l.machine = nil
		return nil
	}
	r := l.next(now)
	l.report()
	return r
}

// next stores the journal, or returns the next request.
func (l *Limiter) next(now time.Time) Request {
	a, ok := l.machine.Next(now)
	if !ok {
		return nil
	}
	if a.Kind != limit.Save {
		return l.request(a)
	}
	machine := l.machine
	l.config.Journal.Save(l.serial, encode(a.Record), func(err error) {
		l.Inbox.add(func() { machine.OnSaved(a.ID, err, time.Now()) })
	})
	return nil
}

// encode returns the content of the journal's file, nil to remove it.
func encode(r limit.Record) []byte {
	if r.IsEmpty() {
		return nil
	}
	return r.Encode()
}

// Observe takes the power of a sample.
func (l *Limiter) Observe(s envoy.Sample, now time.Time) {
	if l.machine == nil {
		return
	}
	l.machine.Observe(measurement(s), now)
	l.report()
}

// measurement returns what CTs have measured. The inverters' reports are too old to show
// what a limit does.
func measurement(s envoy.Sample) (m limit.Measurement) {
	if meter, ok := s.Meter(envoy.Production); ok && !meter.Register.OfInverters() {
		m.Production, m.HasProduction = meter.Total.Get(envoy.Power)
	}
	if meter, ok := s.Meter(envoy.NetConsumption); ok {
		m.Export, m.HasExport = meter.Total.Get(envoy.Power)
		m.Export = -m.Export
	}
	return m
}

// NoticeLimit takes a limit that was read by a task.
func (l *Limiter) NoticeLimit(p powerlimit.Limit) { l.notice(limit.Power, readLimit(p)) }

// NoticeSwitch takes a state of the switch that was read by a task.
func (l *Limiter) NoticeSwitch(isOff bool) { l.notice(limit.Switch, readSwitch(isOff)) }

func (l *Limiter) notice(lever limit.Lever, r limit.Reading) {
	if l.machine != nil {
		r.Firmware = l.firmware
		l.machine.Notice(lever, r, time.Now())
		l.report()
	}
}
