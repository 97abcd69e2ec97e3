package monitor

import (
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// Metrics are those of one bridge, which they observe, without its totals: their parts are
// measured already.
type Metrics struct {
	bridge.BaseObserver

	// State returns what the bridge is at.
	State func() bridge.State

	registry *prometheus.Registry
	polls    *prometheus.CounterVec
	failures *prometheus.CounterVec
	answers  *prometheus.HistogramVec

	mu       sync.Mutex // guards the fields below
	gateways []watched
	samples  map[string]*envoy.Sample // the latest of each gateway
}

// A watched gateway has metrics.
type watched struct {
	name  string
	token func() (expires time.Time, problem bool) // may be nil
}

// A gateway's answers take from a few milliseconds to the half minute of a large site.
var buckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 45}

// NewMetrics returns metrics of a program of that version.
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		State:    func() bridge.State { return bridge.State{} },
		registry: prometheus.NewRegistry(),
		samples:  map[string]*envoy.Sample{},
		polls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "envoy_mqtt_polls_total", Help: "Readings of a gateway that were tried.",
		}, []string{"gateway"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "envoy_mqtt_poll_failures_total", Help: "Readings that gave no sample, by what went wrong.",
		}, []string{"gateway", "kind"}),
		answers: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "envoy_mqtt_gateway_answer_seconds", Help: "How long a gateway took for whole good answers, by endpoint.", Buckets: buckets,
		}, []string{"gateway", "endpoint"}),
	}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "envoy_mqtt_build_info", Help: "1, labelled with the program's version.",
	}, []string{"version"})
	build.WithLabelValues(version).Set(1)
	m.registry.MustRegister(build, m.polls, m.failures, m.answers, collector{m},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Add adds a gateway by its name. token, which may be nil, returns when its token
// ends (zero: unknown or never) and whether a person must see to it.
func (m *Metrics) Add(gateway string, token func() (expires time.Time, problem bool)) {
	m.polls.WithLabelValues(gateway)
	for _, kind := range envoy.Failures { // there from the start, so that a first failure is an increase
		m.failures.WithLabelValues(gateway, string(kind))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.gateways = append(m.gateways, watched{gateway, token})
}

// Polled implements [bridge.Observer].
func (m *Metrics) Polled(state bridge.GatewayState, sample *envoy.Sample) {
	m.polls.WithLabelValues(state.Name).Inc()
	if sample == nil {
		m.failures.WithLabelValues(state.Name, string(envoy.FailureOf(state.Err))).Inc()
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.samples[state.Name] = sample
}

// Requested implements [bridge.Observer].
func (m *Metrics) Requested(gateway, path string, duration time.Duration, err error) {
	if err == nil {
		m.answers.WithLabelValues(gateway, path).Observe(duration.Seconds())
	}
}

// Handler serves the metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
