package envoy_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
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

// TestAgeOfAPI: /api/v1/production has no time, and the gateway repeats the last power
// all night. Its age is that of the inverters' reports, from the first sample of a
// session on, wherever the gateway shows them.
func TestAgeOfAPI(t *testing.T) {
	const old, fresh, refused = 4 * time.Hour, 5 * time.Minute, -1 // ages of the newest report
	for _, row := range []struct {
		name       string
		firmware   string
		page, list time.Duration // of /production.json and of the list
		want       bool
	}{
		{"by day", "D7.6.175", fresh, fresh, true},
		{"at night", "D7.6.175", old, old, false},
		{"by day, no list", "D5.0.62", fresh, refused, true},
		{"at night, no list", "D5.0.62", old, refused, false},
		{"by day, firmware 3", "R3.9.36", refused, fresh, true},
		{"at night, firmware 3", "R3.9.36", refused, old, false},
		{"firmware 3, no list", "R3.9.36", refused, refused, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pages := 0
				srv := envoytest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					switch path := r.URL.Path; {
					case path == "/info":
						fmt.Fprintf(w, `<envoy_info><time>%d</time><device><sn>122000000001</sn><software>%s</software></device></envoy_info>`, time.Now().Unix(), row.firmware)
					case path == "/auth/check_jwt":
					case path == "/api/v1/production":
						fmt.Fprint(w, `{"wattHoursToday":5000,"wattHoursSevenDays":9000,"wattHoursLifetime":9000000,"wattsNow":350}`)
					case path == "/production.json" && row.page == refused:
						pages++
						fmt.Fprint(w, `<html>Page Not Found</html>`)
					case path == "/production.json":
						pages++
						fmt.Fprintf(w, `{"production":[{"type":"inverters","activeCount":1,"readingTime":%d,"wNow":350,"whLifetime":9000000}]}`, time.Now().Add(-row.page).Unix())
					case path == "/api/v1/production/inverters" && row.list != refused:
						fmt.Fprintf(w, `[{"serialNumber":"121700000001","lastReportDate":%d,"devType":1,"lastReportWatts":350,"maxReportWatts":380}]`, time.Now().Add(-row.list).Unix())
					default:
						w.WriteHeader(http.StatusUnauthorized)
					}
				}))
				defer srv.Close()
				c := &envoy.Client{Host: "envoy.local", Dial: srv.Dial, Tokens: auth.StaticToken("t")}
				defer c.CloseIdle()
				for range 2 { // sessions
					s, err := c.Open(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					pages = 0
					for i := range 180 {
						sample, err := s.Sample(t.Context())
						pv, _ := sample.Meter(envoy.Production)
						_, power := pv.Total.Get(envoy.Power)
						if _, energy := pv.Total.Get(envoy.Energy); err != nil || !energy || power != row.want {
							t.Fatalf("sample %d: power %t, energy %t, %v, want the power %t", i, power, energy, err, row.want)
						}
						if i%5 == 0 {
							_, _ = s.Inverters(t.Context())
						}
						time.Sleep(time.Minute)
					}
					if most := map[bool]int{true: 2, false: 18}[row.list != refused || row.page == refused]; pages > most {
						t.Errorf("/production.json was read %d times in three hours, want %d at most", pages, most)
					}
				}
			})
		})
	}
}
