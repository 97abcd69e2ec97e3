package device

import (
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// TotalsPath has the state of all batteries together.
const TotalsPath = "/ivp/ensemble/secctrl"

// BatteryTotals are what all batteries are together.
type BatteryTotals struct {
	SoC       wire.Optional[float64] // state of charge, %
	Energy    wire.Optional[float64] // that can be taken out, kWh
	Capacity  wire.Optional[float64] // kWh
	Reserve   wire.Optional[float64] // kept for when the grid fails, %
	Reserved  wire.Optional[float64] // the same, kWh
	IQSoC     wire.Optional[float64] // of the IQ Batteries where there are AC Batteries too, %
	IQEnergy  wire.Optional[float64] // likewise, kWh
	IQCap     wire.Optional[float64] // likewise, kWh
	ACBSoC    wire.Optional[float64] // of the AC Batteries, %
	ACBEnergy wire.Optional[float64] // of the AC Batteries, kWh
}

// withoutOld returns t without what the gateway computed from reports that are too
// old: of IQ Batteries, of AC Batteries. Capacity and reserve are settings, which
// do not age.
func (t BatteryTotals) withoutOld(oldIQ, oldACB bool) BatteryTotals {
	var none wire.Optional[float64]
	if oldIQ {
		t.IQSoC, t.IQEnergy = none, none
	}
	if oldACB {
		t.ACBSoC, t.ACBEnergy = none, none
	}
	if oldIQ || oldACB {
		t.SoC, t.Energy = none, none
	}
	return t
}

// ParseTotals reads the body of [TotalsPath]. Without batteries everything is left
// out, though gateways answer zeros.
func ParseTotals(body []byte) (BatteryTotals, error) {
	var doc struct {
		AggSoC      wire.Number `json:"agg_soc"`
		MaxEnergy   wire.Number `json:"Max_energy"`
		EncSoC      wire.Number `json:"ENC_agg_soc"`
		EncEnergy   wire.Number `json:"ENC_agg_avail_energy"`
		EncReserved wire.Number `json:"ENC_agg_backup_energy"`
		EncCapacity wire.Number `json:"Enc_max_available_capacity"`
		ACBSoC      wire.Number `json:"ACB_agg_soc"`
		ACBEnergy   wire.Number `json:"ACB_agg_energy"`
		BackupSoC   wire.Number `json:"configured_backup_soc"`
	}
	if err := wire.DecodeObject(TotalsPath, body, &doc); err != nil {
		return BatteryTotals{}, err
	}
	if doc.AggSoC.Kind == wire.Absent && doc.MaxEnergy.Kind == wire.Absent && doc.EncCapacity.Kind == wire.Absent {
		return BatteryTotals{}, wire.FormatErrorf("%s: agg_soc and the capacities are missing", TotalsPath)
	}
	iq := doc.EncCapacity.Value > 0
	acb := doc.MaxEnergy.Value > doc.EncCapacity.Value
	var t BatteryTotals
	if !iq && !acb {
		return t, nil
	}
	t.SoC, t.Capacity = doc.AggSoC.Percent(), energy(doc.MaxEnergy)
	t.Reserve = doc.BackupSoC.Percent()
	if acb {
		t.ACBSoC, t.ACBEnergy = doc.ACBSoC.Percent(), energy(doc.ACBEnergy)
	}
	if iq {
		t.Energy, t.Reserved = energy(doc.EncEnergy), energy(doc.EncReserved)
	}
	switch wh, also := t.ACBEnergy.Get(); {
	case iq && acb:
		t.IQSoC, t.IQEnergy, t.IQCap = doc.EncSoC.Percent(), t.Energy, energy(doc.EncCapacity)
		if kWh, ok := t.Energy.Get(); ok && also {
			t.Energy = wire.Some(kWh + wh)
		} else {
			t.Energy = wire.Optional[float64]{}
		}
	case acb:
		t.Energy = t.ACBEnergy
	}
	iqFits := doc.EncCapacity.Value >= doc.EncEnergy.Value
	acbFits := !acb || doc.MaxEnergy.Value-max(doc.EncCapacity.Value, 0) >= doc.ACBEnergy.Value
	if !iqFits {
		t.IQCap = wire.Optional[float64]{}
	}
	if !iqFits || !acbFits || iq && doc.MaxEnergy.Value < doc.EncEnergy.Value {
		t.Capacity = wire.Optional[float64]{} // no battery stores more than it can
	}
	return t, nil
}
