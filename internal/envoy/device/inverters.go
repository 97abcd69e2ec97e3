package device

import "github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"

// InvertersPath has the list of the microinverters with their power. Every firmware
// has it and it is complete, but it has few quantities.
const InvertersPath = "/api/v1/production/inverters"

// microinverter is the devType of a microinverter; 11 is an AC Battery, 12 a
// Q-relay. Firmware 3.x reports no type and has nothing else.
const microinverter = 1

// ParseInverters reads the body of [InvertersPath].
func ParseInverters(body []byte) (InverterReport, error) {
	type entry struct {
		SerialNumber    wire.String `json:"serialNumber"`
		LastReportDate  wire.Number `json:"lastReportDate"`
		DevType         wire.Number `json:"devType"`
		LastReportWatts wire.Number `json:"lastReportWatts"`
		MaxReportWatts  wire.Number `json:"maxReportWatts"`
	}
	doc, err := wire.DecodeList(InvertersPath, body, func(e *entry) bool { return e.SerialNumber != "" })
	if err != nil {
		return InverterReport{}, err
	}
	r := InverterReport{Inverters: make([]Inverter, 0, len(doc)), Complete: true}
	for _, d := range doc {
		if d.DevType.Kind != wire.Absent && d.DevType.Value != microinverter {
			continue
		}
		i := Inverter{Serial: string(d.SerialNumber), Reported: d.LastReportDate.Time(), MaxPower: d.MaxReportWatts.Within(1, 0, maxInverterPower)}
		if !i.Reported.IsZero() {
			i.Power = d.LastReportWatts.Within(1, -maxInverterPower, maxInverterPower)
		}
		r.add(i)
	}
	return r, nil
}
