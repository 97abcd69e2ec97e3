package device

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// DetailsPath has what the microinverters measure, from firmware 8.2.4345 on.
const DetailsPath = "/ivp/pdm/device_data"

// A wireDevice is an entry of device_data, in thousandths of our units.
type wireDevice struct {
	DevName  wire.String `json:"devName"`
	SN       wire.String `json:"sn"`
	Active   wire.Bool   `json:"active"`
	ModGone  wire.Bool   `json:"modGone"`
	Channels []struct {
		Watts struct {
			Now wire.Number `json:"now"`
			Max wire.Number `json:"max"`
		} `json:"watts"`
		WattHours struct {
			Today wire.Number `json:"today"`
		} `json:"wattHours"`
		LastReading struct {
			EndDate        wire.Number `json:"endDate"`
			Duration       wire.Number `json:"duration"`
			JoulesProduced wire.Number `json:"joulesProduced"`
			DCVoltage      wire.Number `json:"dcVoltageINmV"`
			DCCurrent      wire.Number `json:"dcCurrentINmA"`
			ACVoltage      wire.Number `json:"acVoltageINmV"`
			ACCurrent      wire.Number `json:"acCurrentInmA"` // spelled so
			ACFrequency    wire.Number `json:"acFrequencyINmHz"`
			ChannelTemp    wire.Number `json:"channelTemp"`
		} `json:"lastReading"`
		Lifetime struct {
			JoulesProduced wire.Number `json:"joulesProduced"`
		} `json:"lifetime"`
	} `json:"channels"`
}

// ParseDetails reads the body of [DetailsPath]. It has no more devices than its
// limit, which is 50: beyond it inverters are silently missing.
func ParseDetails(body []byte) (InverterReport, error) {
	var doc map[string]json.RawMessage // devices by a number, beside a few counts
	if err := wire.DecodeObject(DetailsPath, body, &doc); err != nil {
		return InverterReport{}, err
	}
	var count, limit wire.Number
	_ = json.Unmarshal(doc["deviceCount"], &count) // a Number never fails to decode
	_ = json.Unmarshal(doc["deviceDataLimit"], &limit)
	r := InverterReport{Inverters: make([]Inverter, 0, len(doc)), Complete: count.Kind == wire.Numeric && limit.Kind == wire.Numeric && count.Value < limit.Value}
	var devices []wireDevice
	for key, raw := range doc {
		if _, err := strconv.Atoi(key); err != nil && raw[0] != '{' {
			continue // a count
		}
		var d wireDevice
		_ = wire.Decode(DetailsPath, raw, &d) // an entry that is no device has no name
		devices = append(devices, d)
	}
	devices, err := wire.Understood(DetailsPath, devices, func(d *wireDevice) bool { return d.DevName != "" })
	if err != nil {
		return InverterReport{}, err
	}
	for _, d := range devices {
		if d.DevName != "pcu" {
			continue
		}
		active, known := d.Active.Get()
		gone, _ := d.ModGone.Get()
		switch {
		case known && !active && gone:
			r.Gone = append(r.Gone, string(d.SN))
		case len(d.Channels) > 0:
			r.add(d.inverter())
		}
	}
	if len(devices) == 0 && count.Kind == wire.Absent && limit.Kind == wire.Absent {
		return InverterReport{}, wire.FormatErrorf("%s: it contains no devices", DetailsPath)
	}
	slices.Sort(r.Gone) // a map has no order
	return r, nil
}

// inverter returns the first channel's report. What a panel's inverter cannot
// measure as zero while the grid is there was not measured: firmware 8.3.5289
// reports no AC current.
func (d *wireDevice) inverter() Inverter {
	c := &d.Channels[0]
	l := &c.LastReading
	i := Inverter{
		Serial:      string(d.SN),
		Reported:    l.EndDate.Time(),
		MaxPower:    c.Watts.Max.Within(1, 0, maxInverterPower),
		Energy:      c.Lifetime.JoulesProduced.Times(1 / 3.6e6),
		EnergyToday: c.WattHours.Today.Within(1e-3, 0, maxInverterPower*24/1e3),
	}
	if i.Reported.IsZero() {
		return Inverter{Serial: i.Serial, MaxPower: i.MaxPower, Energy: i.Energy}
	}
	if s, ok := l.Duration.Times(1).Get(); ok && s > 0 && s < 1e6 {
		i.Period = time.Duration(s * float64(time.Second))
	}
	const maxVolts, maxAmps = 1000, 100
	i.Power = c.Watts.Now.Within(1, -maxInverterPower, maxInverterPower)
	i.DCVoltage = l.DCVoltage.Within(1e-3, 0, maxVolts)
	i.DCCurrent = l.DCCurrent.Within(1e-3, -maxAmps, maxAmps)
	i.ACVoltage = l.ACVoltage.Within(1e-3, 1, maxVolts)
	i.Frequency = l.ACFrequency.Within(1e-3, 1, 1000)
	i.ACCurrent = l.ACCurrent.Within(1e-3, -maxAmps, maxAmps)
	if c.Watts.Now.Value > 5 {
		i.ACCurrent = l.ACCurrent.Within(1e-3, 0.001, maxAmps)
	}
	i.Temperature = celsius(l.ChannelTemp)
	i.EnergyDelta = l.JoulesProduced.Within(1/3.6e6, 0, maxInverterPower*24/1e3)
	return i
}
