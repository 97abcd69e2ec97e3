package schema

import (
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// A Sensor is one published value of a gateway: a row of the table, applied to a
// whole meter or to one of its phases. It is comparable.
type Sensor struct {
	index uint8 // of the row in sensors
	phase uint8 // 0 for the whole meter
}

// Sensors returns all sensors, in the order of the live document: each row of the
// table for the whole meter, then for each phase.
func Sensors() []Sensor {
	all := make([]Sensor, 0, len(sensors)*len(phaseKeys))
	for index := range sensors {
		for phase := range phaseKeys {
			all = append(all, Sensor{uint8(index), uint8(phase)})
		}
	}
	return all
}

func (s Sensor) row() *sensorRow   { return &sensors[s.index] }
func (s Sensor) format() *quantity { return &quantities[s.row().quantity] }

// Meter returns the meter that measures the sensor.
func (s Sensor) Meter() envoy.Measurement { return s.row().meter }

// Phase returns 1, 2 or 3, or 0 for the whole meter.
func (s Sensor) Phase() int { return int(s.phase) }

// Quantity returns what the sensor measures.
func (s Sensor) Quantity() envoy.Quantity { return s.row().quantity }

// MeterKey returns the topic level of the meter, such as grid.
func (s Sensor) MeterKey() string { return meterKeys[s.Meter()] }

// PhaseKey returns l1, l2 or l3, or an empty string for the whole meter.
func (s Sensor) PhaseKey() string { return phaseKeys[s.phase] }

// Topic returns the topic below that of the gateway, such as grid/l1/power.
func (s Sensor) Topic() string { return sensorTopics[s.index][s.phase] }

// sensorTopics are the topics of the sensors by row and phase, which all gateways
// share.
var sensorTopics = func() [][len(phaseKeys)]string {
	topics := make([][len(phaseKeys)]string, len(sensors))
	for index, row := range sensors {
		for phase := range phaseKeys {
			topics[index][phase] = SensorTopic(row.meter, phase, row.quantity)
		}
	}
	return topics
}()

// SensorTopic returns the topic below that of a gateway of a quantity, whether or
// not there is a sensor for it. Phase is as [Sensor.Phase] returns it.
func SensorTopic(m envoy.Measurement, phase int, q envoy.Quantity) string {
	if phase == 0 {
		return meterKeys[m] + "/" + quantities[q].key
	}
	return meterKeys[m] + "/" + phaseKeys[phase] + "/" + quantities[q].key
}

// ID returns the object id of the entity, such as grid_l1_power.
func (s Sensor) ID() string { return strings.ReplaceAll(s.Topic(), "/", "_") }

// Name returns the name of the entity in Home Assistant.
func (s Sensor) Name() string {
	if s.phase > 0 {
		return s.row().name + " " + s.PhaseKey()
	}
	return s.row().name
}

// Class returns the device class in Home Assistant.
func (s Sensor) Class() string { return s.format().class }

// StateClass returns the state class in Home Assistant.
func (s Sensor) StateClass() string {
	if s.IsCounter() {
		return "total_increasing"
	}
	return "measurement"
}

// Unit returns the unit of the value. It is empty for a power factor.
func (s Sensor) Unit() string { return s.format().unit }

// DisplayDecimals returns how many decimals Home Assistant displays.
func (s Sensor) DisplayDecimals() int { return s.format().displayDecimals }

// IsCounter reports whether the value is a lifetime energy, which only rises.
func (s Sensor) IsCounter() bool { return s.format().isCounter }

// IsEnabled reports whether the entity is enabled by default in Home Assistant.
// Those of phases are not.
func (s Sensor) IsEnabled() bool { return s.row().isEnabled && s.phase == 0 }

// isLive reports whether the live document contains the sensor.
func (s Sensor) isLive() bool { return s.format().isLive && isLiveMeter(s.Meter()) }
