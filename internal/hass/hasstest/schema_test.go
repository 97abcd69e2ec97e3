package hasstest

import (
	"slices"
	"testing"
)

func TestTablesAgree(t *testing.T) {
	if n := len(haJSON); n > 25_000 {
		t.Errorf("ha.json has %d bytes, want at most 25000", n)
	}
	for class := range ha.Units {
		if _, ok := ha.StateClasses[class]; !ok {
			t.Errorf("device class %s has units and no state classes", class)
		}
	}
	for name, p := range ha.Platforms {
		for _, key := range p.Required {
			if !slices.Contains(p.Keys, key) {
				t.Errorf("%s requires %s and does not know it", name, key)
			}
		}
	}
}
