package powerlimit_test

import (
	"errors"
	"flag"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/doctable"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/powerlimit"
)

var update = flag.Bool("update", false, "write the table of docs/limit.md")

// TestLimitVariants limits the export to 300 W at each simulated firmware, and
// switches production off and on, and holds the table of docs/limit.md to what
// happens.
func TestLimitVariants(t *testing.T) {
	var rows []string
	for _, name := range envoytest.LimitVariants() {
		synctest.Test(t, func(t *testing.T) { rows = append(rows, limitVariantRow(t, name)) })
	}
	table := doctable.Table("| simulated gateway | write | read back | export at most 300 W | production off | on again |", rows)
	doctable.Check(t, "../../../docs/limit.md", "limit (variants)", map[string]string{"variants": table}, *update)
}

// limitVariantRow returns the row of one firmware.
func limitVariantRow(t *testing.T, name string) string {
	t.Helper()
	const watts = 300
	limiter, _ := envoytest.LimitVariant(name)
	gw := &envoytest.Gateway{Start: time.Date(2026, 6, 1, 11, 0, 0, 0, time.UTC), PowerLimit: limiter}
	w := limitWriter(t, gw, enlightentest.Sign(enlightentest.Claims{Role: "installer", Serial: "122012345678"}))
	reader := openOwner(t, gw)
	powers := func() (production, export float64) {
		s := nextSample(t, reader)
		p, _ := s.Meter(envoy.Production)
		n, _ := s.Meter(envoy.NetConsumption)
		production, _ = p.Total.Get(envoy.Power)
		export, _ = n.Total.Get(envoy.Power)
		return production, -export
	}
	// within returns how long it takes until the condition holds.
	within := func(limit time.Duration, holds func() bool) string {
		for start := time.Now(); time.Since(start) < limit; time.Sleep(4 * time.Second) {
			if holds() {
				return fmt.Sprintf("after %.0f s", time.Since(start).Round(5*time.Second).Seconds())
			}
		}
		return "no"
	}
	if err := w.SetPowerLimit(t.Context(), powerlimit.Limit{Active: true, Export: true, Power: watts}); err != nil {
		return fmt.Sprintf("| `%s`: %s | %s | – | – | – | – |", name, variantWords[name], limitErrorWords(err))
	}
	readBack := "no limit"
	if l, err := w.PowerLimit(t.Context()); err != nil {
		t.Fatal(err)
	} else if l.Active {
		readBack = fmt.Sprintf("%.0f W", l.Power)
	}
	obeys := within(10*time.Minute, func() bool { _, export := powers(); return export <= watts+20 })
	if limiter.Inverted {
		if production, _ := powers(); production <= watts+20 {
			obeys += ", as production"
		}
	}
	if err := w.SetProductionOff(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	off := within(10*time.Minute, func() bool { production, _ := powers(); return production == 0 })
	if err := w.SetPowerLimit(t.Context(), powerlimit.Limit{}); err != nil {
		t.Fatal(err)
	}
	if err := w.SetProductionOff(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	on := within(10*time.Minute, func() bool { production, _ := powers(); return production > 0 })
	switch {
	case off == "no":
		on = "–"
	case on == "no":
		on = fmt.Sprintf("not within 10 min (after %.0f h)", limiter.OnDelay.Hours())
	}
	return fmt.Sprintf("| `%s`: %s | accepted | %s | %s | %s | %s |", name, variantWords[name], readBack, obeys, off, on)
}

// variantWords describe the simulated firmwares.
var variantWords = map[string]string{
	"10s":      "obeys after 10 s",
	"20s":      "obeys after 20 s",
	"75s":      "obeys after 75 s",
	"300s":     "obeys after 5 min",
	"inverted": "exchanges export and production",
	"ignores":  "accepts and does nothing",
	"401":      "refuses every token",
	"404":      "does not have the setting",
	"503":      "is busy",
	"hourly":   "is reset by the cloud at the full hour",
	"late":     "production comes back the next day",
}

// limitErrorWords returns how a write fails.
func limitErrorWords(err error) string {
	for _, known := range []error{powerlimit.ErrNeedsInstaller, envoy.ErrUnsupported} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return err.Error()
}
