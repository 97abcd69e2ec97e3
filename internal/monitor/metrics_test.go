package monitor_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/publish"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/monitor"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
)

// A rig is a bridge between simulators, with metrics, in a synctest bubble.
type rig struct {
	*monitor.Metrics
	gateway *envoytest.Gateway
	server  *envoytest.Server
	broker  *mqtttest.Broker
	before  string // scraped when the bridge did not run yet
	stop    func()
}

const serial = "122200000001"

func start(t *testing.T) *rig {
	r := &rig{Metrics: monitor.NewMetrics("1.2.3"), gateway: &envoytest.Gateway{Serial: serial, Phases: 3}, broker: new(mqtttest.Broker)}
	r.server = envoytest.NewServer(r.gateway)
	gateway := bridge.GatewayConfig{
		Config:   publish.Config{Name: "ENVOY", StaleAfter: 30 * time.Second},
		Client:   &envoy.Client{Host: r.server.URL, Tokens: auth.StaticToken("t"), Dial: r.server.Dial},
		Interval: 5 * time.Second,
	}
	expires := time.Now().Add(300 * 24 * time.Hour)
	r.Add(gateway.Name, func() (time.Time, bool) { return expires, false })
	b := &bridge.Bridge{
		Gateways:  []bridge.GatewayConfig{gateway},
		Observers: []bridge.Observer{r.Metrics},
		MQTT:      mqtt.Config{URL: &url.URL{Scheme: "mqtt", Host: "broker"}, ClientID: "rig", Dial: r.broker.Dial},
	}
	r.State = b.Snapshot
	r.before = r.scrape(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	r.stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		gateway.Client.CloseIdle()
		r.broker.Close()
		r.server.Close()
	}
	return r
}

// scrape returns what Prometheus would get.
func (r *rig) scrape(t *testing.T) string {
	t.Helper()
	w := httptest.NewRecorder()
	r.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("scrape: %d\n%s", w.Code, w.Body)
	}
	return w.Body.String()
}

func want(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains("\n"+text, "\n"+line) {
			t.Errorf("no line that begins with %q in\n%s", line, text)
		}
	}
}

func lacks(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if strings.Contains(text, "\n"+w) {
			t.Errorf("a line begins with %q in\n%s", w, text)
		}
	}
}

// TestMetrics is a bridge before its first reading, at work, with a gateway
// that fails, and without it.
func TestMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		want(t, r.before, `envoy_mqtt_build_info{version="1.2.3"} 1`, `envoy_mqtt_polls_total{gateway="ENVOY"} 0`, `envoy_mqtt_poll_failures_total{gateway="ENVOY",kind="timeout"} 0`)
		lacks(t, r.before, "envoy_mqtt_power_watts{", "envoy_mqtt_last_sample")

		time.Sleep(17 * time.Second)
		well := r.scrape(t)
		want(
			t, well, `envoy_mqtt_polls_total{gateway="ENVOY"} 4`, "envoy_mqtt_broker_connected 1", `envoy_mqtt_gateway_online{gateway="ENVOY"} 1`,
			`envoy_mqtt_gateway_info{firmware="D8.3.5167",gateway="ENVOY",serial="`+serial+`"} 1`,
			`envoy_mqtt_gateway_answer_seconds_count{endpoint="/production.json",gateway="ENVOY"} 4`,
			`envoy_mqtt_power_watts{gateway="ENVOY",meter="grid"} `, `envoy_mqtt_phase_power_watts{gateway="ENVOY",meter="grid",phase="l3"} `,
			`envoy_mqtt_token_expiry_timestamp_seconds{gateway="ENVOY"} 9.7`, `envoy_mqtt_token_problem{gateway="ENVOY"} 0`, `envoy_mqtt_last_sample_timestamp_seconds{gateway="ENVOY"} 9.4`,
		)
		lacks(t, well, "envoy_mqtt_published_messages_total 0")
		if problems, err := promlint.New(strings.NewReader(well)).Lint(); err != nil || len(problems) > 0 {
			t.Errorf("promlint: %v, %v", problems, err)
		}

		r.gateway.Fault(envoytest.ServerError, -1)
		r.broker.Close()
		time.Sleep(time.Minute)
		want(
			t, r.scrape(t), `envoy_mqtt_poll_failures_total{gateway="ENVOY",kind="status"} `, "envoy_mqtt_broker_connected 0",
			`envoy_mqtt_gateway_online{gateway="ENVOY"} 0`, `envoy_mqtt_last_sample_timestamp_seconds{gateway="ENVOY"}`,
		)
		lacks(t, r.scrape(t), `envoy_mqtt_power_watts{`, `envoy_mqtt_phase_power_watts{`, `envoy_mqtt_poll_failures_total{gateway="ENVOY",kind="status"} 0`, "envoy_mqtt_broker_errors_total 0")
		r.stop()
	})
}

// TestPowerIsTheSamples compares the scraped powers with those of the gateway.
func TestPowerIsTheSamples(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		time.Sleep(time.Second)
		reported, _ := r.gateway.Last()
		text := r.scrape(t)
		for _, m := range []struct {
			name  string
			watts float64
		}{
			{`envoy_mqtt_power_watts{gateway="ENVOY",meter="grid"} `, reported.Net.Total.Power},
			{`envoy_mqtt_power_watts{gateway="ENVOY",meter="production"} `, reported.Production.Total.Power},
		} {
			want(t, text, m.name+strconv.FormatFloat(m.watts, 'g', -1, 64)+"\n")
		}
		r.stop()
	})
}
