package monitor

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// What is read when it is asked for.
var (
	brokerConnected = describe("broker_connected", "Whether the broker is connected: 1 or 0.")
	brokerErrors    = describe("broker_errors_total", "Connections to the broker that were lost or refused.")
	published       = describe("published_messages_total", "Messages that were published.")
	gatewayInfo     = describe("gateway_info", "1, labelled with the serial number and the firmware of the gateway.", "gateway", "serial", "firmware")
	gatewayOnline   = describe("gateway_online", "Whether the gateway's data is fresh: 1 or 0, as its availability says.", "gateway")
	lastSample      = describe("last_sample_timestamp_seconds", "When the last good sample had arrived. Absent before the first.", "gateway")
	tokenExpiry     = describe("token_expiry_timestamp_seconds", "When the gateway's token ends. Absent where there is none or it never does.", "gateway")
	tokenProblem    = describe("token_problem", "Whether a person must see to the gateway's token: 1 or 0.", "gateway")
	power           = describe("power_watts", "Active power of a meter: grid + import - export, production, consumption, storage + discharging. Absent when stale.", "gateway", "meter")
	phasePower      = describe("phase_power_watts", "Active power of one phase of a meter, where there are several. Absent when stale.", "gateway", "meter", "phase")
)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("envoy_mqtt_"+name, help, labels, nil)
}

// A collector reads what the bridge is at.
type collector struct{ *Metrics }

// Describe implements [prometheus.Collector].
func (c collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{brokerConnected, brokerErrors, published, gatewayInfo, gatewayOnline, lastSample, tokenExpiry, tokenProblem, power, phasePower} {
		to <- d
	}
}

// Collect implements [prometheus.Collector].
func (c collector) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, n int64) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n))
	}
	s := c.State()
	gauge(brokerConnected, number(s.Broker))
	counter(brokerErrors, s.BrokerErrors)
	counter(published, s.Published)
	online := map[string]bool{}
	for _, g := range s.Gateways {
		online[g.Name] = g.Online
		gauge(gatewayOnline, number(g.Online), g.Name)
		if g.Serial != "" {
			gauge(gatewayInfo, 1, g.Name, g.Serial, g.Firmware)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.gateways {
		if w.token != nil {
			expires, problem := w.token()
			gauge(tokenProblem, number(problem), w.name)
			if !expires.IsZero() {
				gauge(tokenExpiry, seconds(expires), w.name)
			}
		}
		sample := c.samples[w.name]
		if sample == nil {
			continue
		}
		gauge(lastSample, seconds(sample.Time), w.name)
		if !online[w.name] {
			continue
		}
		for _, v := range schema.Values(*sample) {
			switch {
			case v.Quantity != envoy.Power:
			case v.Phase == 0:
				gauge(power, v.Number, w.name, v.MeterKey)
			default:
				gauge(phasePower, v.Number, w.name, v.MeterKey, v.PhaseKey)
			}
		}
	}
}

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
