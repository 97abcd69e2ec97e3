package envoy_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestSimulatedDevices reads all the devices of a house at eleven in the morning.
func TestSimulatedDevices(t *testing.T) {
	for _, tt := range []struct {
		gw       *envoytest.Gateway
		list     int // inverters in the list
		details  int // inverters in device_data
		complete bool
	}{
		{&envoytest.Gateway{Inverters: 3, Batteries: 2, ACBs: 1, Gone: 2}, 3, 3, true},
		{&envoytest.Gateway{Inverters: 60, Gone: 4}, 60, 46, false},
	} {
		t.Run(fmt.Sprint(tt.list), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gw := tt.gw
				gw.Start = time.Now().Add(11 * time.Hour)
				s := sampleFrom(t, gw, envoy.FromProduction)
				ctx := t.Context()
				list, err := s.Inverters(ctx)
				details, err2 := s.InverterDetails(ctx)
				if err != nil || err2 != nil || len(list.Inverters) != tt.list || len(details.Inverters) != tt.details || details.Complete != tt.complete || len(details.Gone) != gw.Gone {
					t.Fatalf("%d in the list, %d with details, %d gone, complete %t (%v, %v)", len(list.Inverters), len(details.Inverters), len(details.Gone), details.Complete, err, err2)
				}
				sum, all := 0.0, list.Join(details)
				for _, i := range all.Inverters {
					w, ok := i.Power.Get()
					if sum += w; !ok {
						t.Errorf("%s has no power", i.Serial)
					}
				}
				if sum < 1000 || len(all.Inverters) != tt.list {
					t.Errorf("%d inverters make %v W", len(all.Inverters), sum)
				}

				ensemble, err := s.Ensemble(ctx)
				if err != nil {
					t.Fatal(err)
				}
				powers, err := s.BatteryPower(ctx)
				if err != nil {
					t.Fatal(err)
				}
				batteries := s.Batteries(ensemble.Batteries, powers, time.Now())
				if w, ok := batteries.Power.Get(); len(batteries.Each) != gw.Batteries || ok && w != -525*float64(gw.Batteries) || ok != (gw.Batteries > 0) {
					t.Errorf("batteries %+v, want %d that take 525 W each", batteries, gw.Batteries)
				}
				if _, err := s.Sample(ctx); err != nil { // the age of what AC Batteries report is in it
					t.Fatal(err)
				}
				totals, err := s.BatteryTotals(ctx)
				if soc, ok := totals.SoC.Get(); err != nil || ok != (gw.Batteries > 0) || ok && (soc < 20 || soc > 50) {
					t.Errorf("totals %+v, %v", totals, err)
				}
				acb, ok := s.ACBatteries()
				if w, _ := acb.Power.Get(); ok != (gw.ACBs > 0) || w != 80*float64(gw.ACBs) {
					t.Errorf("ACBatteries = %+v, %t", acb, ok)
				}
			})
		})
	}
}

// TestDevicesUnsupported asks old gateways for what they do not have.
func TestDevicesUnsupported(t *testing.T) {
	for _, firmware := range []string{"R3.9.36", "R4.10.35", "D7.3.130", "D8.2.4286"} {
		synctest.Test(t, func(t *testing.T) {
			s := sampleFrom(t, &envoytest.Gateway{Firmware: firmware}, envoy.FromProduction)
			_, details := s.InverterDetails(t.Context())
			_, power := s.BatteryPower(t.Context())
			_, totals := s.BatteryTotals(t.Context())
			if !errors.Is(details, envoy.ErrUnsupported) {
				t.Errorf("%s: details %v, want unsupported", firmware, details)
			}
			if now := firmware == "D8.2.4286"; errors.Is(power, envoy.ErrUnsupported) == now || errors.Is(totals, envoy.ErrUnsupported) == now {
				t.Errorf("%s: power %v, totals %v", firmware, power, totals)
			}
		})
	}
}
