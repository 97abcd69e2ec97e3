package envoy_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// expectedCT is what the meters' readings of a capture say.
type expectedCT struct {
	Composite bool
	CT        *struct {
		Types      []string
		Production *ctValues
		Net        *ctValues `json:"net-consumption"`
		Total      *ctValues `json:"total-consumption"`
		Storage    *ctValues
		Backfeed   *ctValues
	} `json:"expect_ct"`
}

type ctValues struct {
	W          *float64  `json:"w"`
	Phases     []float64 `json:"w_phases"`
	Delivered  *float64  `json:"delivered_wh"`
	Import     *float64  `json:"import_wh"`
	Export     *float64  `json:"export_wh"`
	Discharged *float64  `json:"discharged_wh"`
	Charged    *float64  `json:"charged_wh"`
}

func (c expectedCT) of(m envoy.Measurement) *ctValues {
	return map[envoy.Measurement]*ctValues{
		envoy.Production: c.CT.Production, envoy.NetConsumption: c.CT.Net, envoy.TotalConsumption: c.CT.Total,
		envoy.Storage: c.CT.Storage, envoy.Backfeed: c.CT.Backfeed,
	}[m]
}

// ctMeters are those that a capture's readings can have.
var ctMeters = []envoy.Measurement{envoy.Production, envoy.NetConsumption, envoy.TotalConsumption, envoy.Storage, envoy.Backfeed}

// TestCapturesBySource reads each capture from the readings, and by auto.
func TestCapturesBySource(t *testing.T) {
	eachCapture(t, func(t *testing.T, dir string, want expectedCT) {
		if want.CT == nil || len(want.CT.Types) == 0 {
			t.Skip("no CT is enabled in it")
		}
		srv := envoytest.NewTLSServer(http.HandlerFunc((&envoytest.Gateway{Capture: dir}).ServeHTTP))
		defer srv.Close()
		open := func(source envoy.Source) *envoy.Session {
			c := &envoy.Client{Host: srv.URL, Tokens: auth.StaticToken("eyJ.a.b"), Source: source}
			s, err := c.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		meters, err := open(envoy.FromMeters).Sample(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want.check(t, meters, true)
		session := open(envoy.AutoSource)
		first, err := session.Sample(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		source, why, made := session.Source()
		t.Logf("auto: %v %v %s\n%s", source, made, why, table(first, meters))
		if want.Composite {
			return // its files come from different systems
		}
		if !made || why != "" || (source == envoy.FromMeters) != (want.CT.Net != nil || want.CT.Total != nil) {
			t.Errorf("Source = %v, %q, %v", source, why, made)
		}
		want.check(t, first, false)
		agree(t, first, meters)
	})
}

// check holds a sample against the rows of the capture: its energies and, if
// the sample is of the readings, its powers.
func (c expectedCT) check(t *testing.T, s envoy.Sample, powers bool) {
	t.Helper()
	for _, m := range ctMeters {
		v := c.of(m)
		if v == nil {
			continue
		}
		if powers {
			checkChannel(t, s, m, 0, envoy.Power, v.W)
			checkPhases(t, s, m, v.Phases)
		}
		switch m {
		case envoy.NetConsumption:
			checkChannel(t, s, m, 0, envoy.EnergyImport, kilo(v.Import))
			checkChannel(t, s, m, 0, envoy.EnergyExport, kilo(v.Export))
			checkChannel(t, s, m, 0, envoy.Energy, nil)
		case envoy.Storage:
			checkChannel(t, s, m, 0, envoy.EnergyDischarged, kilo(v.Discharged))
			checkChannel(t, s, m, 0, envoy.EnergyCharged, kilo(v.Charged))
		case envoy.Backfeed:
			checkChannel(t, s, m, 0, envoy.EnergyImport, kilo(v.Delivered))
		default:
			checkChannel(t, s, m, 0, envoy.Energy, kilo(v.Delivered))
		}
	}
}

// agree holds production.json against the readings, which were taken some
// seconds apart: within 100 W and a tenth.
func agree(t *testing.T, a, b envoy.Sample) {
	t.Helper()
	for _, m := range ctMeters {
		x, ok := a.Meter(m)
		y, also := b.Meter(m)
		if !ok || !also {
			continue
		}
		p, _ := x.Total.Get(envoy.Power)
		q, _ := y.Total.Get(envoy.Power)
		if abs(p-q) > 100+0.1*max(abs(p), abs(q)) {
			t.Errorf("%s: production.json %v W, the readings %v W", m, p, q)
		}
		if len(x.Phases) > 1 && len(x.Phases) != len(y.Phases) {
			t.Errorf("%s: production.json has %d phases, the readings %d", m, len(x.Phases), len(y.Phases))
		}
	}
}

// table shows what is published of two samples side by side.
func table(a, b envoy.Sample) string {
	var out strings.Builder
	show := func(c envoy.Channel, q envoy.Quantity) string {
		if v, ok := c.Get(q); ok {
			return fmt.Sprintf("%.3f", v)
		}
		return "-"
	}
	fmt.Fprintf(&out, "%-20s %12s %12s %14s %14s %14s %14s %14s\n", "", "first W", "then W", "kWh", "import", "export", "charged", "discharged")
	for m := envoy.Production; m <= envoy.Generator; m++ {
		x, ok := a.Meter(m)
		y, also := b.Meter(m)
		if !ok && !also {
			continue
		}
		fmt.Fprintf(&out, "%-20s %12s %12s %14s %14s %14s %14s %14s\n", m, show(x.Total, envoy.Power), show(y.Total, envoy.Power), show(x.Total, envoy.Energy),
			show(x.Total, envoy.EnergyImport), show(x.Total, envoy.EnergyExport), show(x.Total, envoy.EnergyCharged), show(x.Total, envoy.EnergyDischarged))
	}
	return out.String()
}
