package devices

import (
	"maps"
	"slices"
	"testing"
)

// TestIcons checks that a component has an icon or a device class, which has an
// icon of its own, and not both.
func TestIcons(t *testing.T) {
	rows := slices.Concat(slices.Collect(maps.Values(fieldTables))...)
	for _, e := range limitControls("envoy/1/limit/set", "envoy_1") {
		rows = append(rows, docRow{e.Component.ID, *e.Component})
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
