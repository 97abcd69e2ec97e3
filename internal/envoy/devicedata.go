package envoy

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"
)

const deviceDataPath = "/ivp/pdm/device_data" // firmware 8.2.4345 and later

// InverterDetails reads what the microinverters measure. It knows no more
// devices than its limit, which is 50: beyond it inverters are silently missing.
func (s *Session) InverterDetails(ctx context.Context) (InverterReport, error) {
	r, err := readOptional(ctx, s, deviceDataPath, parseDeviceData)
	return s.current(r), err
}

// A wireDevice is an entry of device_data, in thousandths of our units.
type wireDevice struct {
	DevName  word  `json:"devName"`
	SN       word  `json:"sn"`
	Active   truth `json:"active"`
	ModGone  truth `json:"modGone"`
	Channels []struct {
		Watts struct {
			Now number `json:"now"`
			Max number `json:"max"`
		} `json:"watts"`
		WattHours struct {
			Today number `json:"today"`
		} `json:"wattHours"`
		LastReading struct {
			EndDate        number `json:"endDate"`
			Duration       number `json:"duration"`
			JoulesProduced number `json:"joulesProduced"`
			DCVoltage      number `json:"dcVoltageINmV"`
			DCCurrent      number `json:"dcCurrentINmA"`
			ACVoltage      number `json:"acVoltageINmV"`
			ACCurrent      number `json:"acCurrentInmA"` // spelled so
			ACFrequency    number `json:"acFrequencyINmHz"`
			ChannelTemp    number `json:"channelTemp"`
		} `json:"lastReading"`
		Lifetime struct {
			JoulesProduced number `json:"joulesProduced"`
		} `json:"lifetime"`
	} `json:"channels"`
}

func parseDeviceData(body []byte) (InverterReport, error) {
	var doc map[string]json.RawMessage // devices by a number, beside a few counts
	if err := decodeObject(deviceDataPath, body, &doc); err != nil {
		return InverterReport{}, err
	}
	var count, limit number
	_ = json.Unmarshal(doc["deviceCount"], &count) // a number never fails, and what is missing stays so
	_ = json.Unmarshal(doc["deviceDataLimit"], &limit)
	r := InverterReport{Inverters: make([]Inverter, 0, len(doc)), Complete: count.kind == numeric && limit.kind == numeric && count.value < limit.value}
	var devices []wireDevice
	for key, raw := range doc {
		if _, err := strconv.Atoi(key); err != nil && raw[0] != '{' {
			continue // a count
		}
		var d wireDevice
		_ = decode(deviceDataPath, raw, &d) // what is no device has no name
		devices = append(devices, d)
	}
	devices, err := onlyUnderstood(deviceDataPath, devices, func(d *wireDevice) bool { return d.DevName != "" })
	if err != nil {
		return InverterReport{}, err
	}
	for _, d := range devices {
		if d.DevName != "pcu" {
			continue
		}
		active, told := d.Active.Get()
		gone, _ := d.ModGone.Get()
		switch {
		case told && !active && gone:
			r.Gone = append(r.Gone, string(d.SN))
		case len(d.Channels) > 0:
			r.add(d.inverter())
		}
	}
	if len(devices) == 0 && count.kind == missing && limit.kind == missing {
		return InverterReport{}, &formatError{fmt.Errorf("%s: there are no devices in it", deviceDataPath)}
	}
	slices.Sort(r.Gone) // a map has no order
	return r, nil
}

// inverter returns the first channel's report. What a panel's inverter cannot
// measure as zero while the grid is there was not measured: firmware 8.3.5289
// tells no AC current.
func (d *wireDevice) inverter() Inverter {
	c := &d.Channels[0]
	l := &c.LastReading
	i := Inverter{
		Serial:      string(d.SN),
		Reported:    l.EndDate.time(),
		MaxPower:    c.Watts.Max.told(1),
		Energy:      c.Lifetime.JoulesProduced.told(1 / 3.6e6),
		EnergyToday: c.WattHours.Today.told(1e-3),
	}
	if i.Reported.IsZero() {
		return Inverter{Serial: i.Serial, MaxPower: i.MaxPower, Energy: i.Energy}
	}
	if s, ok := l.Duration.told(1).Get(); ok && s > 0 && s < 1e6 {
		i.Period = time.Duration(s * float64(time.Second))
	}
	i.Power = c.Watts.Now.told(1)
	i.DCVoltage = l.DCVoltage.told(1e-3)
	i.DCCurrent = l.DCCurrent.told(1e-3)
	i.ACVoltage = l.ACVoltage.unlessZero(1e-3)
	i.Frequency = l.ACFrequency.unlessZero(1e-3)
	i.ACCurrent = l.ACCurrent.told(1e-3)
	if c.Watts.Now.value > 5 {
		i.ACCurrent = l.ACCurrent.unlessZero(1e-3)
	}
	i.Temperature = l.ChannelTemp.told(1)
	i.EnergyDelta = l.JoulesProduced.told(1 / 3.6e6)
	return i
}

func (n number) unlessZero(unit float64) Told[float64] {
	if n.value == 0 {
		return Told[float64]{}
	}
	return n.told(unit)
}
