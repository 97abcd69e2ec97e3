package envoy

import (
	"context"
	"fmt"
	"slices"
)

const batteryTotalsPath = "/ivp/ensemble/secctrl"

// BatteryTotals are what all batteries are together.
type BatteryTotals struct {
	SoC       Told[float64] // state of charge, %
	Energy    Told[float64] // that can be taken out, kWh
	Capacity  Told[float64] // kWh
	Reserve   Told[float64] // kept for when the grid fails, %
	Reserved  Told[float64] // the same, kWh
	IQSoC     Told[float64] // of the IQ Batteries where there are AC Batteries too, %
	IQEnergy  Told[float64] // likewise, kWh
	IQCap     Told[float64] // likewise, kWh
	ACBSoC    Told[float64] // of the AC Batteries, %
	ACBEnergy Told[float64] // of the AC Batteries, kWh
}

// BatteryTotals reads what all batteries are together. Without batteries
// everything is left out, though gateways answer zeros.
func (s *Session) BatteryTotals(ctx context.Context) (BatteryTotals, error) {
	t, err := readOptional(ctx, s, batteryTotalsPath, parseBatteryTotals)
	if err != nil {
		return BatteryTotals{}, err
	}
	if t != (BatteryTotals{}) {
		_, soc := t.ACBSoC.Get()
		_, energy := t.ACBEnergy.Get()
		report := s.acb
		report.inTotals = soc || energy
		s.keepACBReport(report)
	}
	return s.outdated(t), nil
}

// outdated returns t without what the gateway computed from reports that are too
// old. Capacity and reserve are settings, which do not age.
func (s *Session) outdated(t BatteryTotals) BatteryTotals {
	now, none := s.now(), Told[float64]{}
	oldIQ := slices.ContainsFunc(s.iq, func(b Battery) bool { return !b.isCurrent(now) })
	oldACB := s.acb.inTotals && !s.acbIsCurrent()
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

func parseBatteryTotals(body []byte) (BatteryTotals, error) {
	var doc struct {
		AggSoC      number `json:"agg_soc"`
		MaxEnergy   number `json:"Max_energy"`
		EncSoC      number `json:"ENC_agg_soc"`
		EncEnergy   number `json:"ENC_agg_avail_energy"`
		EncReserved number `json:"ENC_agg_backup_energy"`
		EncCapacity number `json:"Enc_max_available_capacity"`
		ACBSoC      number `json:"ACB_agg_soc"`
		ACBEnergy   number `json:"ACB_agg_energy"`
		BackupSoC   number `json:"configured_backup_soc"`
	}
	if err := decodeObject(batteryTotalsPath, body, &doc); err != nil {
		return BatteryTotals{}, err
	}
	if doc.AggSoC.kind == missing && doc.MaxEnergy.kind == missing && doc.EncCapacity.kind == missing {
		return BatteryTotals{}, &formatError{fmt.Errorf("%s: agg_soc and the capacities are missing", batteryTotalsPath)}
	}
	iq := doc.EncCapacity.value > 0
	acb := doc.MaxEnergy.value > doc.EncCapacity.value
	var t BatteryTotals
	if !iq && !acb {
		return t, nil
	}
	t.SoC, t.Capacity = doc.AggSoC.percent(), doc.MaxEnergy.told(1e-3)
	t.Reserve = doc.BackupSoC.percent()
	if acb {
		t.ACBSoC, t.ACBEnergy = doc.ACBSoC.percent(), doc.ACBEnergy.told(1e-3)
	}
	if iq {
		t.Energy, t.Reserved = doc.EncEnergy.told(1e-3), doc.EncReserved.told(1e-3)
	}
	switch wh, also := t.ACBEnergy.Get(); {
	case iq && acb:
		t.IQSoC, t.IQEnergy, t.IQCap = doc.EncSoC.percent(), t.Energy, doc.EncCapacity.told(1e-3)
		if kWh, ok := t.Energy.Get(); ok && also {
			t.Energy = Tell(kWh + wh)
		} else {
			t.Energy = Told[float64]{}
		}
	case acb:
		t.Energy = t.ACBEnergy
	}
	iqFits := doc.EncCapacity.value >= doc.EncEnergy.value
	acbFits := !acb || doc.MaxEnergy.value-max(doc.EncCapacity.value, 0) >= doc.ACBEnergy.value
	if !iqFits {
		t.IQCap = Told[float64]{}
	}
	if !iqFits || !acbFits || iq && doc.MaxEnergy.value < doc.EncEnergy.value {
		t.Capacity = Told[float64]{} // no battery stores more than it can
	}
	return t, nil
}
