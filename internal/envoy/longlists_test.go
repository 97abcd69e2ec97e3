package envoy

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/transport"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// TestLongLists reads 4 MiB of each path's entries.
func TestLongLists(t *testing.T) {
	for _, tt := range []struct{ name, begin, entry, end string }{
		{"meters", `[`, `{"eid":%[1]d,"measurementType":"x"}`, `]`},
		{"meters' flags", `[{"eid":1,"measurementType":"x","statusFlags":[`, `"a%[1]d"`, `]}]`},
		{"readings", `[`, `{"eid":%[1]d,"timestamp":1}`, `]`},
		{"readings of nothing", `[`, `{}`, `]`},
		{"inverters", `[`, `{"serialNumber":"%[1]d"}`, `]`},
		{"inverters in reverse", `[`, `{"serialNumber":%[2]d}`, `]`},
		{"device_data", `{`, `"%[1]d":{"devName":"pcu","sn":"%[1]d","channels":[{}]}`, `}`},
		{"device_data, gone", `{`, `"%[1]d":{"devName":"pcu","sn":"%[1]d","modGone":true,"active":false}`, `}`},
		{"inventory", `[{"type":"ENCHARGE","devices":[`, `{"serial_num":"%[1]d"}`, `]}]`},
		{"inventory's groups", `[`, `{"type":"ENCHARGE","devices":[{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}]}`, `]`},
		{"battery power", `{"devices:":[`, `{"serial_num":"%[1]d","real_power_mw":1}`, `]}`},
		{"production", `{"production":[`, `{"type":"eim","activeCount":0}`, `]}`},
		{"numbers", `[`, `1`, `]`},
	} {
		entry := func(i int) string {
			if !strings.Contains(tt.entry, "%") {
				return tt.entry
			}
			return strings.ReplaceAll(strings.ReplaceAll(tt.entry, "%[1]d", fmt.Sprint(i)), "%[2]d", fmt.Sprint(10_000_000-i))
		}
		var b strings.Builder
		b.WriteString(tt.begin)
		for i := 0; b.Len() < transport.MaxBody-200; i++ {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(entry(i))
		}
		b.WriteString(tt.end)
		body := []byte(b.String())
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		short, shortened := wire.Shorten(body)
		ms, _ := device.ParseMeters(short)
		_, _ = parseReadings(short, []device.MeterConfig{{EID: "-1", Kind: "production", Enabled: true}})
		is, _ := device.ParseInverters(short)
		ds, _ := device.ParseDetails(short)
		e, _ := device.ParseInventory(short)
		ps, _ := device.ParsePowers(short)
		_, _ = parseProduction(short, new(layout))
		device.JoinBatteries(e.Batteries, ps, time.Now())
		is.Join(ds)
		runtime.ReadMemStats(&after)
		if n := max(len(ms), len(is.Inverters), len(ds.Inverters), len(ds.Gone), len(e.Batteries), len(ps)); !shortened || n > wire.MaxDevices {
			t.Errorf("%s: %d devices of %d bytes, want %d at most", tt.name, n, len(body), wire.MaxDevices)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
			t.Errorf("%s: read with %d MiB of memory, want less than 64", tt.name, used>>20)
		}
	}
}
