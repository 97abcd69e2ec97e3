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

// Metrics are those of one bridge.
type Metrics struct {
	// State returns what the bridge is at.
	State func() bridge.State

	registry *prometheus.Registry
	polls    *prometheus.CounterVec
	failures *prometheus.CounterVec
	answers  *prometheus.HistogramVec

	mu    sync.Mutex // guards feeds
	feeds []*feed
}

// A feed is what is known of one gateway.
type feed struct {
	name  string
	token func() (expires time.Time, problem bool)

	mu     sync.Mutex // guards sample
	sample *envoy.Sample
}

// A gateway's answers take from a few milliseconds to the half minute of a large site.
var buckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 45}

// NewMetrics returns metrics of a program of that version.
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		State:    func() bridge.State { return bridge.State{} },
		registry: prometheus.NewRegistry(),
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

// Watch hooks m into a feed that the bridge has not got yet. token, which may
// be nil, tells when the gateway's token ends (zero: unknown or never) and
// whether a person must see to it.
func (m *Metrics) Watch(f *bridge.Feed, token func() (expires time.Time, problem bool)) {
	w := &feed{name: f.Name, token: token}
	polls := m.polls.WithLabelValues(f.Name)
	for _, kind := range envoy.Failures { // there from the start, so that a first failure is an increase
		m.failures.WithLabelValues(f.Name, string(kind))
	}
	f.Observe = func(path string, took time.Duration, err error) {
		if err == nil {
			m.answers.WithLabelValues(f.Name, path).Observe(took.Seconds())
		}
	}
	f.Polled = func(s envoy.Sample, err error) {
		polls.Inc()
		if err != nil {
			m.failures.WithLabelValues(w.name, string(envoy.FailureOf(err))).Inc()
			return
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.sample = &s
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.feeds = append(m.feeds, w)
}

// last returns the last good sample, or nil.
func (f *feed) last() *envoy.Sample {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sample
}

// Handler serves the metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
