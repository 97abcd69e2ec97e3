package devices

import "testing"

// TestIcons checks that a component has an icon or a device class, which has an
// icon of its own, and not both.
func TestIcons(t *testing.T) {
	rows := fieldRows(Inverter.fields)
	rows = append(rows, fieldRows(Battery.fields)...)
	rows = append(rows, fieldRows(ACBattery.fields)...)
	rows = append(rows, fieldRows(BatteryTotals.fields)...)
	rows = append(rows, fieldRows(CTHealth.fields)...)
	rows = append(rows, fieldRows(PowerLimit.fields)...)
	rows = append(rows, fieldRows(LimitResult.fields)...)
	for _, e := range limitControls("envoy/1/limit/set", "envoy_1") {
		rows = append(rows, docRow{e.ID, *e.Component})
	}
	for _, c := range Controllers {
		rows = append(rows, fieldRows(c.fields)...)
	}
	for key, c := range infoComponents {
		rows = append(rows, docRow{key, *c})
	}
	for key, c := range bridgeComponents {
		rows = append(rows, docRow{key, c})
	}
	for _, r := range rows {
		if c := r.component; (c.DeviceClass == "") == (c.Icon == "") {
			t.Errorf("%s (%s) has the device class %q and the icon %q", r.key, c.Name, c.DeviceClass, c.Icon)
		}
	}
}
