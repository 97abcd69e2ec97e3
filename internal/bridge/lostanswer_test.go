package bridge_test

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// A lossy gateway does not answer the next request for a path.
type lossy struct {
	*envoytest.Gateway

	mu   sync.Mutex // guards path
	path string
}

func (l *lossy) lose(path string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.path = path
}

func (l *lossy) lost() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.path == ""
}

func (l *lossy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	lost := l.path == r.URL.Path
	if lost {
		l.path = ""
	}
	l.mu.Unlock()
	if lost {
		<-r.Context().Done()
		return
	}
	l.Gateway.ServeHTTP(w, r)
}

// A lostAnswer is a request that TestLostAnswer does not answer.
type lostAnswer struct {
	path   string
	before func(r *rig) // what leads to the request
	gap    time.Duration
}

var lostAnswers = []lostAnswer{
	{"/ivp/meters/readings", nil, 4 * time.Second},
	{"/ivp/meters", nil, 4 * time.Second},
	{"/production.json", nil, 4 * time.Second},
	{"/ivp/ensemble/inventory", nil, 4 * time.Second},
	{"/ivp/ensemble/power", nil, 4 * time.Second},
	{"/ivp/ensemble/secctrl", nil, 4 * time.Second},
	{"/api/v1/production/inverters", nil, 4 * time.Second},
	{"/ivp/pdm/device_data", nil, 4 * time.Second},
	{"/auth/check_jwt", func(r *rig) { r.gateway.Fault(envoytest.Data401, 1) }, 4 * time.Second},
	{"/info", func(r *rig) { r.gateway.Fault(envoytest.Busy, 2) }, 7 * time.Second}, // 3 s are those of the fault
	{"/ivp/meters", func(r *rig) { r.gateway.Fault(envoytest.Busy, 2) }, 7 * time.Second},
}

// TestLostAnswer: one answer that is lost, whatever was asked, costs live 4 s
// at most, also where a session is opened again.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	for _, row := range lostAnswers {
		t.Run(row.path, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gw := &lossy{Gateway: &envoytest.Gateway{Serial: serial, Phases: 3, Batteries: 2, Latency: 50 * time.Millisecond, Start: morning()}}
				r := newRig(gw.Gateway)
				r.server.Close()
				r.server = envoytest.NewServer(gw)
				r.Gateways[0] = r.feed("ENVOY", r.server)
				r.Gateways[0].Interval, r.Gateways[0].StaleAfter, r.Gateways[0].Client.Source = 0, 0, envoy.AutoSource
				r.start(t)
				time.Sleep(2*time.Minute + 10500*time.Millisecond) // a gateway without a power limit is asked for it three times
				began := time.Now()
				gw.lose(row.path)
				if row.before != nil {
					row.before(r)
				}
				for !gw.lost() && time.Since(began) < 12*time.Minute {
					time.Sleep(time.Second)
				}
				if !gw.lost() {
					t.Error("nobody asked for it")
				}
				time.Sleep(time.Minute)
				lives := r.since(began, liveTopic)
				last, gap := began, time.Duration(0)
				for _, m := range lives {
					gap, last = max(gap, m.Time.Sub(last)), m.Time
				}
				if gap > row.gap || float64(len(lives)) < 0.97*time.Since(began).Seconds()-7 {
					t.Errorf("live was silent for %v, want %v at most; %d documents in %v", gap, row.gap, len(lives), time.Since(began))
				}
				r.wantRetained(t, "envoy/"+serial+"/info/source", "meters")
				r.stop(t)
			})
		})
	}
}
