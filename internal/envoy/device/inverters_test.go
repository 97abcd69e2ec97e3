package device

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
	"github.com/envoy-mqtt/envoy-mqtt/internal/serialnumber"
)

func unix(s int64) time.Time { return time.Unix(s, 0).UTC() }

func TestParseInverters(t *testing.T) {
	const body = `[
		{"serialNumber":"122000000002","lastReportDate":1700000100,"devType":1,"lastReportWatts":211,"maxReportWatts":299},
		{"serialNumber":122000000001,"lastReportDate":1700000000,"devType":1,"lastReportWatts":-0,"maxReportWatts":300},
		{"serialNumber":"122000000003","lastReportDate":0,"devType":1,"lastReportWatts":0,"maxReportWatts":1},
		{"serialNumber":"122000000004","lastReportDate":1700000000,"lastReportWatts":"7","maxReportWatts":2},
		{"serialNumber":"122000000002","lastReportDate":1700000099,"devType":1,"lastReportWatts":5,"maxReportWatts":299},
		{"serialNumber":"122000000011","lastReportDate":1700000000,"devType":11,"lastReportWatts":2,"maxReportWatts":149},
		{"serialNumber":"122000000012","lastReportDate":1700000000,"devType":12,"lastReportWatts":0,"maxReportWatts":0},
		{"serialNumber":"122000000005","lastReportDate":1700000000,"devType":1,"lastReportWatts":4294967295,"maxReportWatts":300},
		{"serialNumber":"a/+","lastReportDate":1700000000,"devType":1,"lastReportWatts":2,"maxReportWatts":149},
		{"devType":1}, 7, null]`
	got, err := ParseInverters([]byte(body))
	want := InverterReport{Complete: true, Inverters: []Inverter{
		{Serial: "122000000001", Reported: unix(1700000000), Power: wire.Some(0.0), MaxPower: wire.Some(300.0)},
		{Serial: "122000000002", Reported: unix(1700000100), Power: wire.Some(211.0), MaxPower: wire.Some(299.0)},
		{Serial: "122000000003", MaxPower: wire.Some(1.0)}, // it has never reported
		{Serial: "122000000004", Reported: unix(1700000000), MaxPower: wire.Some(2.0)},
		{Serial: "122000000005", Reported: unix(1700000000), MaxPower: wire.Some(300.0)},
	}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("ParseInverters = %+v, %v, want %+v", got, err, want)
	}
}

// deviceDataEntry is an inverter of device_data with invented numbers.
func deviceDataEntry(key int, name, serial string, active, gone bool, reading string) string {
	return fmt.Sprintf(`"%d":{"devName":%q,"sn":%q,"active":%t,"modGone":%t,"channels":[{"chanEid":1,"wattHours":{"today":1500,"yesterday":1,"week":2},
		"watts":{"now":120,"nowUsed":0,"max":366},"lastReading":%s,"lifetime":{"joulesProduced":7200000000}}]}`, key, name, serial, active, gone, reading)
}

const lastReading = `{"endDate":1700000000,"duration":903,"joulesProduced":108000,"acVoltageINmV":231400,"acFrequencyINmHz":49987,"dcVoltageINmV":33250,"dcCurrentINmA":3700,"channelTemp":-4,"acCurrentInmA":521}`

func TestParseDeviceData(t *testing.T) {
	body := "{" + strings.Join([]string{
		deviceDataEntry(1, "pcu", "122000000001", true, false, lastReading),
		deviceDataEntry(2, "pcu", "122000000002", false, true, `{}`),
		deviceDataEntry(3, "pcu", "122000000003", true, false, strings.ReplaceAll(lastReading, "521", "0")),
		deviceDataEntry(4, "eim", "122000000004", true, true, lastReading),
		deviceDataEntry(5, "nsrb", "122000000005", true, false, lastReading),
		deviceDataEntry(6, "pcu", "122000000006", true, false, `{}`),
		`"7":{"devName":"pcu","sn":"122000000007","active":true,"channels":[]}`, `"8":5`, `"deviceCount":6,"deviceDataLimit":50`,
	}, ",") + "}"
	one := Inverter{
		Serial: "122000000001", Reported: unix(1700000000), Period: 903 * time.Second,
		Power: wire.Some(120.0), MaxPower: wire.Some(366.0), DCVoltage: wire.Some(33.25), DCCurrent: wire.Some(3.7), ACVoltage: wire.Some(231.4), ACCurrent: wire.Some(0.521),
		Frequency: wire.Some(49.987), Temperature: wire.Some(-4.0), Energy: wire.Some(2000.0), EnergyToday: wire.Some(1.5), EnergyDelta: wire.Some(0.03),
	}
	three := one
	three.Serial, three.ACCurrent = "122000000003", wire.Optional[float64]{} // 8.3.5289 tells none
	got, err := ParseDetails([]byte(body))
	want := InverterReport{
		Complete: true, Gone: []string{"122000000002"},
		Inverters: []Inverter{one, three, {Serial: "122000000006", MaxPower: wire.Some(366.0), Energy: wire.Some(2000.0)}},
	}
	if err != nil || fmt.Sprintf("%.6v", got) != fmt.Sprintf("%.6v", want) {
		t.Errorf("ParseDetails = %.6v, %v\nwant %.6v", got, err, want)
	}
	for _, limit := range []string{`"deviceCount":50,"deviceDataLimit":50`, `"deviceCount":50`, `"deviceDataLimit":50`} {
		if got, err := ParseDetails([]byte("{" + limit + "}")); err != nil || got.Complete {
			t.Errorf("ParseDetails(%s) = %+v, %v: it cannot be complete", limit, got, err)
		}
	}
}

// TestJoin joins the complete list with details that are limited to some.
func TestJoin(t *testing.T) {
	at := unix(1700000000)
	list := InverterReport{Complete: true, Inverters: []Inverter{
		{Serial: "122001", Reported: at, Power: wire.Some(100.0), MaxPower: wire.Some(300.0)},
		{Serial: "122002", Reported: at, Power: wire.Some(200.0), MaxPower: wire.Some(301.0)},
		{Serial: "122003", Reported: at.Add(time.Minute), Power: wire.Some(30.0), MaxPower: wire.Some(302.0)},
		{Serial: "122004", Reported: at, Power: wire.Some(40.0)},
	}}
	details := InverterReport{Gone: []string{"122004", "122009"}, Inverters: []Inverter{
		{Serial: "122002", Reported: at.Add(15 * time.Minute), Power: wire.Some(222.0), DCVoltage: wire.Some(33.0), Energy: wire.Some(7.5)},
		{Serial: "122003", Reported: at, Power: wire.Some(3.0), DCVoltage: wire.Some(34.0)},
		{Serial: "122005", Reported: at, Power: wire.Some(50.0)},
	}}
	want := InverterReport{Complete: true, Gone: []string{"122004", "122009"}, Inverters: []Inverter{
		list.Inverters[0],
		{Serial: "122002", Reported: at.Add(15 * time.Minute), Power: wire.Some(222.0), MaxPower: wire.Some(301.0), DCVoltage: wire.Some(33.0), Energy: wire.Some(7.5)},
		{Serial: "122003", Reported: at.Add(time.Minute), Power: wire.Some(30.0), MaxPower: wire.Some(302.0), DCVoltage: wire.Some(34.0)},
		{Serial: "122005", Reported: at, Power: wire.Some(50.0)},
	}}
	if got := list.Join(details); !reflect.DeepEqual(got, want) {
		t.Errorf("Join = %+v\nwant %+v", got, want)
	}
	if got := list.Join(InverterReport{}); !reflect.DeepEqual(got.Inverters, list.Inverters) || !got.Complete {
		t.Errorf("Join with nothing = %+v", got)
	}
}

// TestOutdated: at night an inverter's last power is a memory, its counter is not.
func TestOutdated(t *testing.T) {
	i := Inverter{Serial: "122001", Reported: unix(1700000000), Period: time.Second, Power: wire.Some(3.0), MaxPower: wire.Some(300.0), DCVoltage: wire.Some(20.0), Energy: wire.Some(5.0), EnergyDelta: wire.Some(0.1)}
	if got := i.withoutOld(i.Reported.Add(inverterMaxAge)); got != i {
		t.Errorf("after %v: %+v, want all of it", inverterMaxAge, got)
	}
	want := Inverter{Serial: "122001", Reported: i.Reported, MaxPower: wire.Some(300.0), Energy: wire.Some(5.0)}
	if got := i.withoutOld(i.Reported.Add(inverterMaxAge + time.Second)); got != want {
		t.Errorf("later: %+v, want %+v", got, want)
	}
}

func FuzzInverters(f *testing.F) {
	f.Add([]byte(`[{"serialNumber":"122000000002","lastReportDate":1700000100,"devType":1,"lastReportWatts":211,"maxReportWatts":299}]`))
	f.Add([]byte("{" + deviceDataEntry(1, "pcu", "122000000001", true, false, lastReading) + `,"deviceCount":1,"deviceDataLimit":50}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		list, _ := ParseInverters(body)
		details, _ := ParseDetails(body)
		before := ""
		for _, i := range list.Join(details).Inverters {
			if !serialnumber.IsDevice(i.Serial) || i.Serial <= before {
				t.Errorf("%q after %q in %q", i.Serial, before, body)
			}
			before = i.Serial
		}
	})
}
