package envoy

import (
	"context"
	"fmt"
	"slices"
	"time"
)

const batteryPowerPath = "/ivp/ensemble/power"

// A BatteryPower is what one battery does just now.
type BatteryPower struct {
	Serial        string
	SoC           Told[float64] // %
	Power         Told[float64] // W, + discharging
	ApparentPower Told[float64] // VA, signed as the power
}

// BatteryPower reads what the batteries do, by serial number.
func (s *Session) BatteryPower(ctx context.Context) ([]BatteryPower, error) {
	return readOptional(ctx, s, batteryPowerPath, parseBatteryPower)
}

func parseBatteryPower(body []byte) ([]BatteryPower, error) {
	type entry struct {
		SerialNum     word   `json:"serial_num"`
		RealPower     number `json:"real_power_mw"` // negative is charging, as it is with us
		ApparentPower number `json:"apparent_power_mva"`
		SoC           number `json:"soc"`
	}
	var doc struct {
		Devices []entry `json:"devices:"` // the key ends with a colon
	}
	if err := decodeObject(batteryPowerPath, body, &doc); err != nil {
		return nil, err
	}
	if doc.Devices == nil {
		return nil, &formatError{fmt.Errorf("%s: there are no devices in it", batteryPowerPath)}
	}
	devices, err := onlyUnderstood(batteryPowerPath, doc.Devices, func(e *entry) bool { return validPart(string(e.SerialNum)) })
	if err != nil {
		return nil, err
	}
	var ps []BatteryPower
	for _, d := range devices {
		p := BatteryPower{
			Serial:        string(d.SerialNum),
			SoC:           d.SoC.percent(),
			Power:         d.RealPower.told(1e-3),
			ApparentPower: d.ApparentPower.told(1e-3),
		}
		if !slices.ContainsFunc(ps, func(q BatteryPower) bool { return q.Serial == p.Serial }) {
			ps = append(ps, p)
		}
	}
	return ps, nil
}

// silent is how old a battery's last report may be before what the gateway
// says of it is memory.
const silent = time.Hour

// isCurrent reports whether what the gateway says of the battery is its present state.
func (b Battery) isCurrent(now time.Time) bool {
	reached, told := b.Communicating.Get()
	return (reached || !told) && !b.never && (b.Reported.IsZero() || isRecent(b.Reported, now, silent))
}

// doing returns b with what p tells. Of a battery that the gateway does not
// reach there is neither power nor state of charge, whatever it remembers.
func (b Battery) doing(p BatteryPower, now time.Time) Battery {
	b.SoC = p.SoC.or(b.SoC)
	b.Power, b.ApparentPower = p.Power, p.ApparentPower
	if !b.isCurrent(now) {
		b.SoC, b.Power, b.ApparentPower, b.Temperature, b.MaxTemperature, b.State = Told[float64]{}, Told[float64]{}, Told[float64]{}, Told[float64]{}, Told[float64]{}, ""
	}
	return b
}

// Batteries are all IQ Batteries of a gateway at one moment.
type Batteries struct {
	Time  time.Time     // when the answer had arrived, our clock
	Power Told[float64] // of all batteries, AC Batteries included, W, + discharging; left out when a single one is not known
	Each  []Battery
}

// Batteries joins what the inventory and the present powers tell.
func (s *Session) Batteries(known []Battery, powers []BatteryPower, at time.Time) Batteries {
	bs := Batteries{Time: at}
	sum, whole := 0.0, len(known) > 0
	for _, b := range known {
		i := slices.IndexFunc(powers, func(p BatteryPower) bool { return p.Serial == b.Serial })
		if i < 0 {
			b = b.doing(BatteryPower{}, s.now())
		} else {
			b = b.doing(powers[i], s.now())
		}
		w, ok := b.Power.Get()
		sum, whole = sum+w, whole && ok
		bs.Each = append(bs.Each, b)
	}
	if s.hasACBatteries() {
		a, _ := s.ACBatteries()
		w, ok := a.Power.Get()
		sum, whole = sum+w, whole && ok && s.acbIsCurrent()
	}
	if whole {
		bs.Power = Tell(sum)
	}
	return bs
}

// Storage returns the batteries as a meter, where there is no CT at them.
func (bs Batteries) Storage() (Meter, bool) {
	w, ok := bs.Power.Get()
	if !ok {
		return Meter{}, false
	}
	m := Meter{Measurement: Storage}
	m.Total.Set(Power, w)
	return m, true
}
