//go:build faults

package faults_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// A gatewayRow is what goes wrong with a gateway for some seconds.
type gatewayRow struct {
	name     string
	source   string // SOURCE
	begin    func(r *rig)
	end      func(r *rig)
	log      string        // what is said once
	offline  bool          // in time
	goesOn   bool          // live does meanwhile
	backIn   time.Duration // after the end, at most
	lasts    time.Duration
	warnings int // at most
}

// namedRows are the faults that envoytest knows by name.
var namedRows = []gatewayRow{
	fault(envoytest.Unauthorized, `"message":"token problem, action required"`),
	fault(envoytest.Data401, "although its own check accepts the token"),
	fault(envoytest.ServerError, "500 Internal Server Error"),
	fault(envoytest.Busy, "503 Service Unavailable"),
	fault(envoytest.Hang, "no complete response within 2s"),
	fault(envoytest.Garbage, "not valid JSON"),
	fault(envoytest.Truncated, "not valid JSON"),
	fault(envoytest.HTML, "a web page, not JSON"),
	fault(envoytest.Null, "null"),
	fault(envoytest.Reset, "gateway is back"),
	fault(envoytest.Huge, "longer than 4 MiB"),
	fault(envoytest.Slow, "no complete response within 2s"),
	fault(envoytest.Redirect, "301 Moved Permanently"),
	fault(envoytest.Flicker, "gateway offline, no valid reading"),
	fault(envoytest.Reboot, "gateway is back"),
	fault(envoytest.Frozen, "the gateway is frozen"),
	fault(envoytest.Zero, "gateway offline, no valid reading"),
	fault(envoytest.BadNumber, "is not a number"),
}

// fault is a row of a fault that envoytest knows by name.
func fault(f envoytest.Fault, log string) gatewayRow {
	row := gatewayRow{
		name: "gateway " + string(f), source: "production", log: log, offline: true, backIn: 9 * time.Second, lasts: 5 * time.Second, warnings: 4,
		begin: func(r *rig) { r.gateway.Fault(f, -1) },
		end:   func(r *rig) { r.gateway.Clear() },
	}
	if f == envoytest.Frozen {
		row.lasts = 9 * time.Second // it takes STALE_AFTER to know
	}
	return row
}

// TestGateway: whatever a gateway does, under live there is nothing but what it
// reported, its entities are offline in time, and all is back by itself.
func TestGateway(t *testing.T) {
	b := startBroker(t)
	for _, row := range slices.Concat(namedRows, otherRows) {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, b)
			r.config += "SOURCE = " + row.source + "\n"
			r.start()
			r.lives(2, time.Time{}, 20*time.Second)
			began := time.Now()
			row.begin(r)
			time.Sleep(row.lasts)
			ended := time.Now()
			row.end(r)
			back := r.lives(2, ended, row.backIn+interval+2*time.Second)
			r.await(r.topic("availability"), "online", 1, time.Time{}, time.Second)
			time.Sleep(1500 * time.Millisecond)
			r.whole()
			r.stop()
			unpublished := 3 // the first is read twice, and the last may be cut off
			if row.log == "the gateway is frozen" {
				unpublished += int((row.lasts - stale) / interval) // it is polled, and its repetitions are not published
			}
			if v := r.judge(0); v.unsaid > unpublished {
				t.Errorf("%d good answers were not published, want %d at most", v.unsaid, unpublished)
			}

			meanwhile := "live goes on"
			if row.offline {
				offline := r.await(r.topic("availability"), "offline", 1, began, time.Second)
				limit := stale + interval + time.Second
				if row.log == "the gateway is frozen" {
					limit += stale
				}
				if took := offline.Sub(began); took > limit {
					t.Errorf("offline after %v, want %v at most", took, limit)
				}
				if n := r.count(r.topic("live"), offline, ended); n > 0 {
					t.Errorf("%d live documents while it is offline", n)
				}
				meanwhile = "nothing under live, offline after " + seconds(offline.Sub(began))
			} else if n := r.count(r.topic("live"), began, ended); row.goesOn && n < int(row.lasts/interval)-2 {
				t.Errorf("%d live documents in %v, want them to go on", n, row.lasts)
			}
			r.once(row.log)
			if n := r.warnings(); n > row.warnings {
				t.Errorf("%d warnings, want %d at most", n, row.warnings)
			}
			tell(row.name, meanwhile, seconds(back.Sub(ended)), row.log)
		})
	}
}

// TestGatewayOnce: a single bad answer costs one reading and makes nobody offline.
func TestGatewayOnce(t *testing.T) {
	b := startBroker(t)
	for _, f := range envoytest.All {
		t.Run(string(f), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, b)
			r.config = strings.Replace(r.config, "STALE_AFTER = 3s", "STALE_AFTER = 5s", 1) // a hanging answer and its pause take 3
			r.start()
			r.lives(2, time.Time{}, 20*time.Second)
			began := time.Now()
			r.gateway.Fault(f, 1)
			r.lives(4, began, 12*time.Second)
			r.stop()
			rec := r.recording()
			rec.stale = 5 * time.Second
			v := rec.judge()
			for _, w := range v.wrong {
				t.Error(w)
			}
			offline := 0
			for _, m := range rec.messages {
				if m.topic == r.topic("availability") && m.payload == "offline" {
					offline++
				}
			}
			if offline > 1 { // the last word
				t.Error("one bad answer made the gateway offline")
			}
		})
	}
}

// otherRows are what happens to gateways beside their answers.
var otherRows = []gatewayRow{
	{
		name: "gateway gone: connection refused", source: "auto", log: "connection refused", offline: true, backIn: 9 * time.Second, lasts: 5 * time.Second, warnings: 4,
		begin: func(r *rig) { r.server.Refuse(true) },
		end:   func(r *rig) { r.server.Refuse(false) },
	},
	{
		name: "gateway hangs, meters' readings", source: "auto", log: "no complete response within 2s", offline: true, backIn: 9 * time.Second, lasts: 5 * time.Second, warnings: 4,
		begin: func(r *rig) { r.gateway.Fault(envoytest.Hang, -1) },
		end:   func(r *rig) { r.gateway.Clear() },
	},
	{
		name: "gateway answers bad numbers, meters' readings", source: "auto", log: "is not a number", offline: true, backIn: 9 * time.Second, lasts: 5 * time.Second, warnings: 4,
		begin: func(r *rig) { r.gateway.Fault(envoytest.BadNumber, -1) },
		end:   func(r *rig) { r.gateway.Clear() },
	},
	{
		name: "gateway's certificate changes, not pinned", source: "auto", log: "gateway certificate changed", goesOn: true, backIn: 3 * time.Second, lasts: 4 * time.Second, warnings: 3,
		begin: func(r *rig) { r.server.SetTLS(nil) },
		end:   func(*rig) {},
	},
	{
		name: "gateway's sessions are lost", source: "auto", log: "gateway found", goesOn: true, backIn: 3 * time.Second, lasts: 4 * time.Second, warnings: 0,
		begin: func(r *rig) { r.gateway.ExpireSessions() },
		end:   func(*rig) {},
	},
	{
		name: "firmware is upgraded from 8.2 to 8.3", source: "auto", log: "connection refused", offline: true, backIn: 9 * time.Second, lasts: 5 * time.Second, warnings: 4,
		begin: func(r *rig) {
			r.server.Refuse(true)
			r.gateway.Change(func(g *envoytest.Gateway) { g.Firmware, g.ThreeLines = "D8.3.5433", true })
			r.gateway.ExpireSessions()
		},
		end: func(r *rig) {
			r.server.Refuse(false)
			r.await(r.topic("info/firmware"), "D8.3.5433", 1, time.Time{}, 20*time.Second)
		},
	},
}
