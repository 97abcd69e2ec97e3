package envoytest

import (
	"net/http"
)

// apiProductionPage is /api/v1/production: the inverters' production. It is no use
// on metered hardware without CTs, where it is all zeros.
func apiProductionPage(g locked, _ *http.Request) answer {
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

// apiInvertersPage is /api/v1/production/inverters: one row for each.
func apiInvertersPage(g locked, _ *http.Request) answer {
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
func (g *Gateway) InverterSerial(i int) string { return locked{g}.partSerial("1221", 10007*(i+1)) }
