package envoy

import (
	"fmt"
	"slices"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

const readingsPath = "/ivp/meters/readings"

// A wireReading is a meter or one of its channels in /ivp/meters/readings,
// which every metered firmware from 4.2.33 on answers in milliseconds.
type wireReading struct {
	EID           wire.String `json:"eid"`
	Timestamp     wire.Number `json:"timestamp"`
	ActEnergyDlvd wire.Number `json:"actEnergyDlvd"`
	ActEnergyRcvd wire.Number `json:"actEnergyRcvd"`
	ActivePower   wire.Number `json:"activePower"`
	ApparentPower wire.Number `json:"apparentPower"`
	ReactivePower wire.Number `json:"reactivePower"`
	PwrFactor     wire.Number `json:"pwrFactor"`
	Voltage       wire.Number `json:"voltage"`
	Current       wire.Number `json:"current"`
	Freq          wire.Number `json:"freq"`
}

type wireMeterReading struct {
	wireReading
	Channels []wireReading `json:"channels"` // always three
}

// energiesOf maps energy delivered and received to quantities, for each meter.
// Delivered is toward the switchboard: imported, produced, discharged.
var energiesOf = [measurements]struct{ delivered, received Quantity }{
	Production:       {Energy, EnergyReceived},
	NetConsumption:   {EnergyImport, EnergyExport},
	TotalConsumption: {Energy, EnergyReceived},
	Storage:          {EnergyDischarged, EnergyCharged},
	Backfeed:         {EnergyImport, EnergyExport},
	Load:             {EnergyImport, EnergyExport},
	EVSE:             {EnergyImport, EnergyExport},
	PV3P:             {EnergyImport, EnergyExport},
	Generator:        {EnergyImport, EnergyExport},
}

// parseReadings reads /ivp/meters/readings and returns the meters that are
// enabled by the configuration. Rows are joined by eid: their order and number
// differ from those of /ivp/meters, and since 8.3.5025 there is a row without a
// configuration (eid 1023410688).
// A meter that only few systems have, such as the CT of a car charger, may be
// missing; the grid, production and consumption may not.
func parseReadings(body []byte, configs []device.MeterConfig) (reading, error) {
	doc, err := wire.DecodeList(readingsPath, body, func(w *wireMeterReading) bool {
		return w.EID != "" && (w.Timestamp.Kind != wire.Absent || w.ActivePower.Kind != wire.Absent || w.Voltage.Kind != wire.Absent)
	})
	if err != nil {
		return reading{}, err
	}
	var r reading
	for _, c := range configs {
		m, ours := measurementOf(c)
		if !c.Enabled || !ours || r.meter(m) != nil {
			continue
		}
		err := error(&SkippedError{fmt.Sprintf("the reading of the %s CT is missing in the response", m)})
		if i := slices.IndexFunc(doc, func(w wireMeterReading) bool { return string(w.EID) == c.EID }); i >= 0 {
			err = r.addReading(m, c, &doc[i])
		}
		if IsSkipped(err) && m > TotalConsumption {
			continue
		}
		if err != nil {
			return reading{}, fmt.Errorf("%s: %w", readingsPath, err)
		}
	}
	return r, nil
}

// addReading adds one meter's row. Channels beyond its phases are noise, or
// another meter's: the third of a split-phase net CT holds a leg of the
// storage CT (8.2.4286).
func (r *reading) addReading(m Measurement, config device.MeterConfig, w *wireMeterReading) error {
	phases := config.Phases
	total, err := w.channel(m)
	if err != nil {
		return fmt.Errorf("%s: %w", m, err)
	}
	if total.isUnmeasured() { // as just after a start
		return &SkippedError{fmt.Sprintf("voltage and power of the %s CT are zero", m)}
	}
	meter := Meter{Measurement: m, Register: ReadingRegister, MeasuredAt: w.Timestamp.Time(), Total: total}
	for i := range w.Channels[:min(phases, len(w.Channels))] {
		c, err := w.Channels[i].channel(m)
		if err != nil {
			return fmt.Errorf("%s line %d: %w (channels[%d])", m, i+1, err, i)
		}
		meter.Phases = append(meter.Phases, c)
	}
	if len(meter.Phases) < phases {
		return &SkippedError{fmt.Sprintf("%s has %d channels for %d phases", m, len(meter.Phases), phases)}
	}
	r.add(meter)
	return nil
}

// channel returns w, a row of m, as a channel.
func (w *wireReading) channel(m Measurement) (Channel, error) {
	energies := energiesOf[m]
	return newChannel(
		field{"activePower", w.ActivePower, Power, 1},
		field{"voltage", w.Voltage, Voltage, 1},
		field{"current", w.Current, Current, 1},
		field{"freq", w.Freq, Frequency, 1},
		field{"pwrFactor", w.PwrFactor, PowerFactor, 1},
		field{"apparentPower", w.ApparentPower, ApparentPower, 1},
		field{"reactivePower", w.ReactivePower, ReactivePower, 1},
		field{"actEnergyDlvd", w.ActEnergyDlvd, energies.delivered, 1e-3},
		field{"actEnergyRcvd", w.ActEnergyRcvd, energies.received, 1e-3},
	)
}
