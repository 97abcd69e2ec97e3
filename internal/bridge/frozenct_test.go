package bridge_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// freeze keeps the time of a CT's reading at t, in both endpoints.
func (g *rewriting) freeze(measurement string, t time.Time) {
	eids := map[string]float64{"production": 704643328, "net-consumption": 704643584, "total-consumption": 704643584, "storage": 704643840}
	g.rewrite("/production.json", func(body []byte) []byte {
		return objects(body, func(o map[string]any) {
			if o["measurementType"] == measurement {
				o["readingTime"] = t.Unix()
			}
		})
	})
	g.rewrite("/ivp/meters/readings", func(body []byte) []byte {
		frozen := false
		return objects(body, func(o map[string]any) {
			if o["channels"] != nil {
				frozen = o["eid"] == eids[measurement]
			}
			if frozen {
				o["timestamp"] = t.Unix()
			}
		})
	})
}

func (g *rewriting) thaw() {
	g.rewrite("/production.json", nil)
	g.rewrite("/ivp/meters/readings", nil)
}

// A frozenRow is how a gateway with a frozen CT is read.
type frozenRow struct{ interval, staleAfter, ahead time.Duration }

// TestFrozenCT: a CT whose time does not change for STALE_AFTER is left out
// while others go on, with all that is computed from it. Without the grid there
// is no sample. Both are back within ten seconds.
func TestFrozenCT(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, ct string
		load     bool // the consumption CT is around the load
		grid     bool // it is still published
		gone     []string
	}{
		{"grid", "net-consumption", false, false, nil},
		{"production", "production", false, true, []string{"production", "consumption", "house"}},
		{"storage", "storage", false, true, []string{"storage", "house"}},
		{"load", "total-consumption", true, false, nil},
		{"production beside a load CT", "production", true, false, nil},
	} {
		for _, source := range []envoy.Source{envoy.FromProduction, envoy.AutoSource} {
			if row.ct == "storage" && source == envoy.FromProduction {
				continue // it does not report one
			}
			for _, at := range frozenAt {
				t.Run(fmt.Sprint(row.name, " ", source, " ", at.staleAfter, " ", at.ahead), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						r, gw := newRewritingRig(&envoytest.Gateway{LoadOnly: row.load, StorageCT: row.ct == "storage", Start: morning()})
						r.Gateways[0].Client.Source, r.Gateways[0].Interval, r.Gateways[0].StaleAfter = source, at.interval, at.staleAfter
						r.start(t)
						time.Sleep(time.Minute)
						gw.freeze(row.ct, time.Now().Add(at.ahead))
						limit := at.staleAfter
						if limit == 0 {
							limit = 2 * time.Minute
						}
						time.Sleep(limit + 2*at.interval)
						from := time.Now()
						time.Sleep(limit + time.Minute)
						lives := r.since(from, liveTopic)
						if row.grid != (len(lives) > 0) {
							t.Errorf("%d live documents", len(lives))
						}
						for _, m := range lives {
							if !strings.Contains(m.Payload, `"grid":`) {
								t.Errorf("no grid in %s", m.Payload)
							}
							for _, key := range row.gone {
								if strings.Contains(m.Payload, `"`+key+`":`) {
									t.Errorf("%s in %s", key, m.Payload)
								}
							}
						}
						if row.grid {
							for _, key := range row.gone {
								r.wantRetained(t, "envoy/"+serial+"/"+key+"/power", "")
							}
						} else {
							r.wantRetained(t, powerTopic, "")
							r.wantRetained(t, availTopic, "offline")
						}
						gw.thaw()
						thawed := time.Now()
						time.Sleep(10 * time.Second)
						lives = r.since(thawed, liveTopic)
						last := ""
						if len(lives) > 0 {
							last = lives[len(lives)-1].Payload
						}
						for _, key := range append(row.gone, "grid") {
							if key != "house" && !strings.Contains(last, `"`+key+`":`) {
								t.Errorf("10 s later no %s in the live document %q", key, last)
							}
						}
						r.wantRetained(t, availTopic, "online")
						r.stop(t)
						word := "the gateway is frozen"
						if row.grid {
							word = "frozen CTs are omitted"
						}
						if n := strings.Count(r.log.String(), word); n != 1 {
							t.Errorf("%q is %d times in the log:\n%s", word, n, r.log.String())
						}
					})
				})
			}
		}
	}
}
