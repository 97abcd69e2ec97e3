package envoy

import (
	"context"
	"errors"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/transport"
)

// fastTimeout is how long /ivp/meters and the readings may take in a sample that
// also needs /production.json. A process of the gateway's own answers them in
// milliseconds; if it hangs, the sample must not wait for the whole timeout.
const fastTimeout = 10 * time.Second

func withFastTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	return transport.LimitAnswer(ctx, fastTimeout)
}

// A meterSetup reads and keeps how the gateway's CTs are set up. However many parts of a
// sample need that, it requests the list once in a sample.
type meterSetup struct {
	*gateway

	configs   []device.MeterConfig // of the last answer; nil before one was read
	attempts  int                  // of learn
	selecting bool                 // the source of samples is being selected, which reads the configs
	isRefused bool                 // the gateway has no list of its CTs for us

	isSampling bool          // a sample is being read
	answer     *metersAnswer // to the request of that sample; nil before it
}

// A metersAnswer is an answer about the CTs.
type metersAnswer struct {
	configs []device.MeterConfig
	err     error
}

// startSample begins a sample, which ends when the function that it returns is called.
func (m *meterSetup) startSample() (end func()) {
	m.isSampling = true
	return func() { m.isSampling, m.answer = false, nil }
}

// MeterConfigs reads how the gateway's CTs are set up. Without meters there are
// none. After there were some, three answers in a row must have none.
func (m *meterSetup) MeterConfigs(ctx context.Context) ([]device.MeterConfig, error) {
	if m.answer != nil {
		return m.answer.configs, m.answer.err
	}
	configs, err := m.request(ctx)
	if m.isSampling {
		m.answer = &metersAnswer{configs, err}
	}
	return configs, err
}

// request requests how the CTs are set up, and records it.
func (m *meterSetup) request(ctx context.Context) ([]device.MeterConfig, error) {
	configs, err := auth.GetOptional(ctx, m.req, device.MetersPath, device.ParseMeters)
	if err == nil {
		err = m.memory.confirmConfigs(configs)
	}
	if err != nil {
		return nil, err
	}
	if len(configs) > 0 {
		m.memory.update(func(m *memory) { m.computed = computedBy(configs) })
	}
	return configs, nil
}

// CheckMeters reads again how the CTs are set up, which an installer or the
// cloud may change at any time. An error of [ErrReopen] reports that what is
// measured has changed.
func (m *meterSetup) CheckMeters(ctx context.Context) ([]device.MeterConfig, error) {
	configs, err := m.MeterConfigs(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case m.configs != nil && !device.SameConfigs(m.configs, configs):
		return configs, m.memory.reconfigure("the CTs are set up in another way")
	case m.configs == nil && len(configs) > 0:
		m.configs = configs
	}
	return configs, nil
}

// MayMeasure reports whether the CT of a measurement is enabled, as far as that is
// known: also while the gateway does not report its CTs.
func (m *meterSetup) MayMeasure(ctx context.Context, of Measurement) bool {
	configs := m.configs
	if configs == nil {
		var err error
		if configs, err = m.MeterConfigs(ctx); err != nil {
			return !errors.Is(err, ErrUnsupported)
		}
	}
	return enabledCTs(configs)[of]
}

// Missing checks whether the CTs that the session has seen are still enabled. An
// error of [ErrReopen] reports that one is not, and that answers without it are
// right; any other that it is not known.
func (m *meterSetup) Missing(ctx context.Context) error {
	configs, err := m.MeterConfigs(ctx)
	if err != nil {
		return err
	}
	seen, has := &m.layout.seen, enabledCTs(configs)
	switch {
	case seen[Production] && m.layout.pv == pvByCT && !has[Production]:
		return m.memory.reconfigure("the production CT is not enabled any more")
	case (seen[NetConsumption] || seen[TotalConsumption]) && !has[NetConsumption] && !has[TotalConsumption]:
		return m.memory.reconfigure("the consumption CT is not enabled any more")
	}
	return nil
}

// learn reads how the CTs are set up, if that is not known. If the gateway does not
// answer in three samples, only [meterSetup.CheckMeters] reads it later.
func (m *meterSetup) learn(ctx context.Context) {
	if !m.req.AtLeast(4) || m.configs != nil || m.attempts >= confirmations || m.selecting {
		return
	}
	m.attempts++
	ctx, cancel := withFastTimeout(ctx)
	defer cancel()
	if configs, err := m.MeterConfigs(ctx); err == nil && len(configs) > 0 {
		m.configs = configs
	}
}

// require returns how the CTs are set up, without which the readings cannot be
// understood. Once they are the source of samples, the page is not optional: a 401
// is about the token, not about the page.
func (m *meterSetup) require(ctx context.Context) ([]device.MeterConfig, error) {
	if m.configs != nil {
		return m.configs, nil
	}
	read := m.MeterConfigs
	if !m.selecting {
		read = func(ctx context.Context) ([]device.MeterConfig, error) {
			return auth.Get(ctx, m.req, device.MetersPath, device.ParseMeters)
		}
	}
	configs, err := read(ctx)
	if err != nil {
		return nil, err
	}
	m.configs = append([]device.MeterConfig{}, configs...)
	return m.configs, nil
}

// installed returns the CTs that are enabled by /ivp/meters, or by the
// activeCount of r where the gateway does not report them.
func (m *meterSetup) installed(r *reading) ctSet {
	if m.configs == nil {
		return r.activeCTs()
	}
	return enabledCTs(m.configs)
}

// computed returns the consumption meter that the gateway computes from the other
// one and production. While that is not known, it is that of the session before.
func (m *meterSetup) computed() Measurement {
	if m.configs != nil {
		return computedBy(m.configs)
	}
	computed, _ := m.memory.lastComputed()
	return computed
}

// computedBy is [meterSetup.computed] of a list of CTs.
func computedBy(configs []device.MeterConfig) Measurement {
	if has := enabledCTs(configs); has[TotalConsumption] && !has[NetConsumption] {
		return NetConsumption
	}
	return TotalConsumption
}

// requireComputed returns an error as long as the gateway does not say which consumption
// meter it computes, as in the first minutes after it has started.
func (m *meterSetup) requireComputed(ctx context.Context) error {
	if _, isKnown := m.memory.lastComputed(); isKnown || m.configs != nil || m.isRefused || !m.req.AtLeast(4) {
		return nil
	}
	limited, cancel := withFastTimeout(ctx)
	defer cancel()
	configs, err := m.MeterConfigs(limited)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, ErrUnsupported), err == nil && len(configs) == 0:
		m.isRefused = true
	case err != nil:
		return &SkippedError{"what the consumption CT measures is not known, so that it cannot be corrected: " + err.Error()}
	}
	return nil
}

// forget has the configs read again.
func (m *meterSetup) forget() {
	m.configs, m.attempts, m.selecting = nil, 0, true
}
