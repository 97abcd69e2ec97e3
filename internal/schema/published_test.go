package schema

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/sunspec/sunspectest"
)

// The quantities that each endpoint reports.
var (
	livedataQuantities   = []envoy.Quantity{envoy.Power, envoy.ApparentPower}
	productionQuantities = []envoy.Quantity{envoy.Power, envoy.Voltage, envoy.Current, envoy.PowerFactor, envoy.ApparentPower, envoy.ReactivePower, envoy.Energy}
	readingQuantities    = []envoy.Quantity{
		envoy.Power, envoy.Voltage, envoy.Current, envoy.Frequency, envoy.PowerFactor, envoy.ApparentPower, envoy.ReactivePower,
		envoy.Energy, envoy.EnergyImport, envoy.EnergyExport, envoy.EnergyCharged, envoy.EnergyDischarged, envoy.EnergyReceived,
	}
	sunspecQuantities = []envoy.Quantity{
		envoy.Power, envoy.Voltage, envoy.Current, envoy.Frequency, envoy.PowerFactor, envoy.ApparentPower, envoy.ReactivePower,
		envoy.Energy, envoy.EnergyReceived,
	}
)

// published lists the sensors that a sample of each source contains, and the file
// that reads them.
var published = []struct {
	source     envoy.Source
	file       string
	meters     []envoy.Measurement
	quantities []envoy.Quantity
}{
	{envoy.FromProduction, "internal/envoy/production.go", []envoy.Measurement{envoy.Production, envoy.NetConsumption, envoy.TotalConsumption}, productionQuantities},
	{envoy.FromMeters, "internal/envoy/readings.go", []envoy.Measurement{
		envoy.Production, envoy.NetConsumption, envoy.TotalConsumption, envoy.Storage,
		envoy.Backfeed, envoy.Load, envoy.EVSE, envoy.PV3P, envoy.Generator,
	}, readingQuantities},
	{envoy.FromMeters, "internal/envoy/derive.go (AddHouse)", []envoy.Measurement{envoy.House}, []envoy.Quantity{envoy.Power}},
	{envoy.FromLivedata, "internal/envoy/livedata.go", []envoy.Measurement{envoy.Production, envoy.NetConsumption, envoy.Storage, envoy.House}, livedataQuantities},
	{envoy.FromLivedata, "internal/envoy/derive.go (AddConsumption)", []envoy.Measurement{envoy.TotalConsumption}, []envoy.Quantity{envoy.Power}},
	{envoy.FromSunSpec, "internal/envoy/fromsunspec.go", []envoy.Measurement{envoy.Production}, sunspecQuantities},
}

// unsummed are the quantities that the total of several phases does not have.
var unsummed = []envoy.Quantity{envoy.Voltage, envoy.PowerFactor}

// computed lists what a sample of each source has of the consumption meter that no CT
// measures.
var computed = map[envoy.Source][]envoy.Quantity{
	envoy.FromProduction: {envoy.Power, envoy.Current, envoy.Energy},
	envoy.FromMeters:     {envoy.Power, envoy.Energy},
	envoy.FromLivedata:   {envoy.Power},
}

// TestEveryRowIsPublished reads gateways with every CT and invented numbers from each
// source. A sample has a value of each sensor that published lists for the source, and
// of no other. Each sensor is listed.
func TestEveryRowIsPublished(t *testing.T) {
	isListed := map[*Sensor]bool{}
	for _, source := range []envoy.Source{envoy.FromProduction, envoy.FromMeters, envoy.FromLivedata, envoy.FromSunSpec} {
		for _, phases := range []int{1, 3} {
			for _, ct := range []envoy.Measurement{envoy.NetConsumption, envoy.TotalConsumption} {
				measured := map[*Sensor]bool{}
				for _, v := range Values(inventedSample(t, source, phases, ct.String())) {
					measured[v.Sensor] = true
				}
				for _, s := range Sensors() {
					file := publisher(s, source)
					isListed[s] = isListed[s] || file != ""
					if want := file != "" && isMeasured(s, source, phases, ct); want != measured[s] {
						t.Errorf("%s with SOURCE = %s, %d phases and a %s CT: measured %t, the lists of internal/schema/published_test.go say %t; see %s and internal/envoy/sample.go",
							s.Topic, source, phases, ct, measured[s], want, cmp.Or(file, "the file that reads the source"))
					}
				}
			}
		}
	}
	for _, s := range Sensors() {
		if !isListed[s] {
			t.Errorf("%s is in internal/schema/sensors.go, but published of internal/schema/published_test.go lists no source that reads it", s.Topic)
		}
	}
}

// publisher returns the file that reads s from a source, or "".
func publisher(s *Sensor, source envoy.Source) string {
	for _, p := range published {
		if p.source == source && slices.Contains(p.meters, s.Meter) && slices.Contains(p.quantities, s.Quantity) {
			return p.file
		}
	}
	return ""
}

// isMeasured reports whether a gateway with these phases and this consumption CT has a
// value of s, which the source reads.
func isMeasured(s *Sensor, source envoy.Source, phases int, ct envoy.Measurement) bool {
	switch {
	case s.Phase > 0 && phases == 1, s.Phase == 0 && phases > 1 && slices.Contains(unsummed, s.Quantity):
		return false
	case s.Phase > 0 && source == envoy.FromSunSpec && s.Quantity == envoy.Frequency: // the model has one for all phases
		return false
	case s.Meter != ct && (s.Meter == envoy.NetConsumption || s.Meter == envoy.TotalConsumption):
		return slices.Contains(computed[source], s.Quantity)
	}
	return true
}

// inventedSample returns a sample of a gateway with every CT, the consumption CT
// being of that kind.
func inventedSample(t *testing.T, source envoy.Source, phases int, consumption string) envoy.Sample {
	t.Helper()
	server := httptest.NewServer(inventedGateway(phases, consumption))
	defer server.Close()
	values := sunspectest.ThreePhases()
	if phases == 1 {
		values = sunspectest.OnePhase()
		values["Var"], values["Var_SF"], values["TotWhAbs"] = 5, 0, 100
	}
	modbus := sunspectest.Start(sunspectest.AC(values))
	defer modbus.Close()
	client := &envoy.Client{Host: server.URL, Tokens: auth.StaticToken("t"), Source: source, ModbusPort: modbus.Port()}
	defer client.CloseIdle()
	session, err := client.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var s envoy.Sample
	for range 3 { // the first live data are discarded
		if s, err = session.Sample(t.Context()); err == nil {
			return s
		}
	}
	t.Fatalf("SOURCE = %s, %d phases, %s: %v", source, phases, consumption, err)
	return s
}

// inventedGateway serves invented numbers. Time passes with each request.
func inventedGateway(phases int, consumption string) http.Handler {
	const start = 1700000000
	var requests atomic.Int64
	mux := http.NewServeMux()
	serve := func(path string, body func(now int64) string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body(start+requests.Add(1))) })
	}
	serve("/info", func(now int64) string {
		return fmt.Sprintf(`<envoy_info><time>%d</time><device><sn>122000000009</sn><pn>800-02409-r03</pn><software>D8.3.1598</software><imeter>true</imeter></device><web-tokens>true</web-tokens></envoy_info>`, now)
	})
	kinds := []string{"production", consumption, "storage", "backfeed", "load", "evse", "pv3p", "gen"}
	serve("/ivp/meters", func(int64) string {
		return list(kinds, func(i int, kind string) string {
			return fmt.Sprintf(`{"eid":%d,"state":"enabled","measurementType":%q,"phaseMode":"three","phaseCount":%d,"meteringStatus":"normal","statusFlags":[]}`, i, kind, phases)
		})
	})
	serve("/ivp/meters/readings", func(now int64) string {
		return list(kinds, func(i int, _ string) string {
			values := func(watts int) string {
				return fmt.Sprintf(`"timestamp":%d,"actEnergyDlvd":2000.0,"actEnergyRcvd":100.0,"activePower":%d.0,"apparentPower":110.0,"reactivePower":5.0,"pwrFactor":0.9,"voltage":230.0,"current":0.9,"freq":50.0`, now, watts)
			}
			return fmt.Sprintf(`{"eid":%d,%s,"channels":[{%[3]s},{%[3]s},{%[3]s}]}`, i, values(100*phases), values(100))
		})
	})
	serve("/production.json", func(now int64) string {
		eim := func(kind string, watts int) string {
			values := func(watts int) string {
				return fmt.Sprintf(`"wNow":%d.0,"whLifetime":2000.0,"rmsCurrent":0.9,"rmsVoltage":230.0,"reactPwr":5.0,"apprntPwr":%.1f,"pwrFactor":0.9`, watts, float64(watts)/0.9)
			}
			lines := list(make([]string, phases), func(int, string) string { return "{" + values(watts) + "}" })
			return fmt.Sprintf(`{"type":"eim","activeCount":1,"measurementType":%q,"readingTime":%d,%s,"lines":%s}`, kind, now, values(watts*phases), lines)
		}
		return fmt.Sprintf(`{"production":[%s],"consumption":[%s,%s]}`, eim("production", 100), eim("total-consumption", 200), eim("net-consumption", 100))
	})
	serve("/ivp/livedata/status", func(now int64) string {
		meter := fmt.Sprintf(`{"agg_p_mw":%d,"agg_s_mva":1,"agg_p_ph_a_mw":1000,"agg_p_ph_b_mw":1000,"agg_p_ph_c_mw":1000,"agg_s_ph_a_mva":1,"agg_s_ph_b_mva":1,"agg_s_ph_c_mva":1}`, 1000*phases)
		return fmt.Sprintf(`{"connection":{"sc_stream":"enabled"},"meters":{"last_update":%d,"phase_count":%d,"enc_agg_soc":50,"pv":%[3]s,"storage":%[3]s,"grid":%[3]s,"load":%[3]s}}`, now, phases, meter)
	})
	serve("/ivp/livedata/stream", func(int64) string { return `{"sc_stream":"enabled"}` })
	return mux
}

// list returns a JSON list of what f returns for each element.
func list(elements []string, f func(i int, element string) string) string {
	var items []string
	for i, e := range elements {
		items = append(items, f(i, e))
	}
	return "[" + strings.Join(items, ",") + "]"
}
