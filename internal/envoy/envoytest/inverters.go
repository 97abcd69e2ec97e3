package envoytest

import (
	"cmp"
	"fmt"
	"hash/crc32"
	"net/http"
	"time"
)

// reporting is how often the microinverters are asked.
const reporting = 5 * time.Minute

// inverters is what the inverters said when they were last asked.
func (g *Gateway) inverters(now time.Time, sum, dawn counters) Inverters {
	age := now.Sub(now.Truncate(reporting))
	asked := g.house.clock.Add(-age)
	v := Inverters{Time: now.Add(-age), Count: cmp.Or(g.Inverters, 12), Power: int(sun(asked))}
	if g.house.house.cap.off {
		v.Power = 0
	}
	for i := range sum.pv {
		v.Energy += int(sum.pv[i] / 3_600_000_000)
		v.Today += int((sum.pv[i] - dawn.pv[i]) / 3_600_000_000)
	}
	v.Energy -= g.lost()
	return v
}

// lost is what the sum lacks because registers have wrapped, Wh.
func (g *Gateway) lost() int { return int(float64(g.Wraps) * (1 << 32) / 3600) }

// apiProduction is /api/v1/production: the inverters' production. It is no use
// on metered hardware without CTs, where it is all zeros.
func (g *Gateway) apiProduction(*http.Request) answer {
	type sums struct {
		Today     int `json:"wattHoursToday"`
		SevenDays int `json:"wattHoursSevenDays"`
		Lifetime  int `json:"wattHoursLifetime"`
		Now       int `json:"wattsNow"`
	}
	if !g.Standard && g.CTs == NoCTs && g.version().tokens() {
		return native("application/json", "  ", sums{})
	}
	m := g.measure()
	v := m.Inverters
	a := native("application/json", "  ", sums{v.Today, v.Today + 141_500, v.Energy, v.Power})
	a.reading = m
	return a
}

// apiInverters is /api/v1/production/inverters: one row for each.
func (g *Gateway) apiInverters(*http.Request) answer {
	type row struct {
		Serial string `json:"serialNumber"`
		Date   int64  `json:"lastReportDate"`
		Type   int    `json:"devType"`
		Watts  int    `json:"lastReportWatts"`
		Max    int    `json:"maxReportWatts"`
	}
	m := g.measure()
	v := m.Inverters
	rows := make([]row, 0, v.Count+g.ACBs)
	for i := range v.Count {
		rows = append(rows, row{g.InverterSerial(i), v.Time.Unix() - int64(i), 1, v.share(i), 520})
	}
	for i := range g.ACBs {
		rows = append(rows, row{g.acbSerial(i), v.Time.Unix() - 900, 11, i, 149})
	}
	a := native("application/json", "  ", rows)
	a.reading = m
	return a
}

// InverterSerial returns the serial number of microinverter i.
func (g *Gateway) InverterSerial(i int) string { return g.partSerial("1221", 10007*(i+1)) }

// partSerial is the serial number of a device of this gateway. Two gateways
// have different devices.
func (g *Gateway) partSerial(kind string, n int) string {
	own := crc32.ChecksumIEEE([]byte(cmp.Or(g.Replaces, g.serial()))) - crc32.ChecksumIEEE([]byte(defaultSerial))
	return fmt.Sprintf("%s%08d", kind, (uint64(own)+uint64(n))%1e8)
}

// share is the power of inverter i: such that the sum is right.
func (v Inverters) share(i int) int {
	w := v.Power / v.Count
	if i < v.Power%v.Count {
		w++
	}
	return w
}
