package schema

import (
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// A Sensor is one published value of a gateway: a row of the table, applied to a
// whole meter or to one of its phases. There is one of each.
type Sensor struct {
	Meter     envoy.Measurement
	MeterKey  string // topic level of the meter, such as grid
	Phase     int    // 1, 2 or 3, or 0 for the whole meter
	PhaseKey  string // l1, l2 or l3, or empty for the whole meter
	Quantity  envoy.Quantity
	Topic     string // below that of the gateway, such as grid/l1/power
	ID        string // object id of the entity in Home Assistant, such as grid_l1_power
	Name      string // of the entity in Home Assistant
	IsEnabled bool   // the entity is enabled by default in Home Assistant; those of phases are not
	format    *quantity
}

// A meterRow is a published measurement and its sensors.
type meterRow struct {
	measurement envoy.Measurement
	key         string                    // topic level
	sensors     [len(phaseKeys)][]*Sensor // of the whole meter, then of each phase
}

// phaseKeys are the topic levels of the phases. The whole meter has none.
var phaseKeys = [...]string{"", "l1", "l2", "l3"}

// A sensorRow is one published quantity of a meter.
type sensorRow struct {
	quantity  envoy.Quantity
	name      string // of the entity in Home Assistant
	isEnabled bool   // the entity of the whole meter is enabled by default
}

// newMeterRow returns a meter with the sensors of rows.
func newMeterRow(m envoy.Measurement, key string, rows []sensorRow) meterRow {
	all := meterRow{measurement: m, key: key}
	for phase, phaseKey := range phaseKeys {
		for _, r := range rows {
			s := &Sensor{
				Meter: m, MeterKey: key, Phase: phase, PhaseKey: phaseKey, Quantity: r.quantity,
				Name: r.name, IsEnabled: r.isEnabled, format: &quantities[r.quantity],
			}
			s.Topic = key + "/" + r.quantity.String()
			if phase > 0 {
				s.Topic = key + "/" + phaseKey + "/" + r.quantity.String()
				s.Name += " " + phaseKey
				s.IsEnabled = false
			}
			s.ID = strings.ReplaceAll(s.Topic, "/", "_")
			all.sensors[phase] = append(all.sensors[phase], s)
		}
	}
	return all
}

// Class returns the device class in Home Assistant.
func (s *Sensor) Class() string { return s.format.class }

// StateClass returns the state class in Home Assistant.
func (s *Sensor) StateClass() string {
	if s.IsCounter() {
		return "total_increasing"
	}
	return "measurement"
}

// Unit returns the unit of the value. It is empty for a power factor.
func (s *Sensor) Unit() string { return s.format.unit }

// DisplayDecimals returns how many decimals Home Assistant displays.
func (s *Sensor) DisplayDecimals() int { return s.format.displayDecimals }

// IsCounter reports whether the value only rises, and does not expire.
func (s *Sensor) IsCounter() bool { return s.Quantity.IsCounter() }

// isLive reports whether the live document contains the sensor.
func (s *Sensor) isLive() bool { return s.format.isLive && isLiveMeter(s.Meter) }

// isLiveMeter reports whether the live document contains the meter. It is kept
// small for the microcontrollers that read it.
func isLiveMeter(m envoy.Measurement) bool { return m <= envoy.House }
