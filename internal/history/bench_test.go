package history

import (
	"fmt"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// completeSample returns a sample of all series and counters.
func completeSample(i float64) envoy.Sample {
	return sampleOf(meter(envoy.Production, 600+i, counters{envoy.Energy: i}),
		meter(envoy.NetConsumption, 100-i, counters{envoy.EnergyImport: i / 10, envoy.EnergyExport: i / 5}),
		meter(envoy.Storage, 50+i, counters{envoy.EnergyCharged: i / 3, envoy.EnergyDischarged: i / 4}),
		meter(envoy.TotalConsumption, 700, counters{envoy.Energy: 9 * i / 10}), meter(envoy.House, 750, nil))
}

// fill adds days of complete samples, one a minute, until end.
func fill(s *Store, days int, end time.Time) {
	s.AddLevel(serial, 50, end.AddDate(0, 0, -days))
	for i := range days * 24 * 60 {
		at := end.AddDate(0, 0, -days).Add(time.Duration(i) * time.Minute)
		if i%10 == 0 {
			s.AddLevel(serial, 50, at)
		}
		s.Add(serial, completeSample(float64(i)/1000), at)
	}
}

func BenchmarkAdd(b *testing.B) {
	s := newStore(b, "")
	sample := completeSample(1)
	at := time.Date(2026, 6, 18, 0, 0, 0, 0, s.Location)
	for b.Loop() {
		at = at.Add(time.Second)
		s.Add(serial, sample, at)
	}
}

func BenchmarkPower(b *testing.B) {
	s := newStore(b, "")
	now := time.Now()
	fill(s, 31, now)
	for _, days := range []int{1, 31} {
		b.Run(fmt.Sprintf("%dd", days), func(b *testing.B) {
			for b.Loop() {
				s.Power(serial, now.AddDate(0, 0, -days), now, 500)
			}
		})
	}
}

func BenchmarkSave(b *testing.B) {
	s := newStore(b, b.TempDir())
	s.writeFile = func(string, []byte) error { return nil }
	now := time.Now()
	fill(s, 400, now)
	s.save()
	for b.Loop() {
		now = now.Add(time.Second)
		s.Add(serial, completeSample(1), now)
		s.save()
	}
}

func BenchmarkInverters(b *testing.B) {
	s := newStore(b, "")
	now := time.Now()
	addInverterDays(s, 300, 8, now)
	for b.Loop() {
		s.Inverters(serial, DateOf(now.In(s.Location)))
	}
}

// addInverterDays adds reports of inverters, every 15 minutes, until end.
func addInverterDays(s *Store, inverters, days int, end time.Time) {
	for at := end.AddDate(0, 0, -days); at.Before(end); at = at.Add(inverterStep) {
		var list []device.Inverter
		for i := range inverters {
			list = append(list, device.Inverter{Serial: fmt.Sprintf("1222%08d", i), Reported: at, Power: wire.Some(float64(100 + i))})
		}
		s.AddInverters(serial, list, at)
	}
}
