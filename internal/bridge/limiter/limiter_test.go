package limiter

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/limit"
)

// An output keeps the latest result.
type output struct {
	Output
	document string
}

func (o *output) PublishLimitResult(document string) { o.document = document }

// TestLongText: Home Assistant rejects a longer state.
func TestLongText(t *testing.T) {
	for _, text := range []string{"short", strings.Repeat("ü", maxText), strings.Repeat("ü", maxText+1)} {
		o := new(output)
		(&Limiter{output: o}).publish(limit.Result{Text: text})
		var got limit.Result
		if err := json.Unmarshal([]byte(o.document), &got); err != nil {
			t.Fatal(err)
		}
		if n := len([]rune(got.Text)); n != min(len([]rune(text)), maxText) {
			t.Errorf("%d characters of %q", n, text)
		}
	}
}

// TestMeasurement: what a limit does is seen by CTs.
func TestMeasurement(t *testing.T) {
	production, grid := envoy.Meter{Measurement: envoy.Production, Register: envoy.ReadingRegister}, envoy.Meter{Measurement: envoy.NetConsumption}
	production.Total.Set(envoy.Power, 4000)
	grid.Total.Set(envoy.Power, -1500)
	byInverters := production
	byInverters.Register = envoy.InverterRegister
	for _, test := range []struct {
		meters []envoy.Meter
		want   limit.Measurement
	}{
		{[]envoy.Meter{production, grid}, limit.Measurement{Production: 4000, HasProduction: true, Export: 1500, HasExport: true}},
		{[]envoy.Meter{byInverters, grid}, limit.Measurement{Export: 1500, HasExport: true}},
		{[]envoy.Meter{production}, limit.Measurement{Production: 4000, HasProduction: true}},
	} {
		if got := measurement(envoy.Sample{Meters: test.meters}); got != test.want {
			t.Errorf("measurement of %v = %+v, want %+v", test.meters, got, test.want)
		}
	}
}
