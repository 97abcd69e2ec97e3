package state

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestGatewayStore(t *testing.T) {
	dir := t.TempDir()
	store := NewGatewayStore(dir)
	if got := store.Serial("ENVOY"); got != "" {
		t.Errorf("Serial of an empty store = %q", got)
	}
	for _, serial := range []string{"122000000001", "122000000002", "122000000001"} {
		if err := store.SetSerial("ENVOY", serial); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.SetPhases(map[string]int{"122000000001": 3}); err != nil {
		t.Fatal(err)
	}
	measured := Measured{Current: true, Batteries: true}
	if err := store.SetMeasured("122000000001", measured); err != nil {
		t.Fatal(err)
	}

	again := NewGatewayStore(dir)
	if got, known := again.Measured(again.Serial("ENVOY")); got != measured || !known {
		t.Errorf("Measured = %+v, %t, want %+v", got, known, measured)
	}
	if got, want := again.Serials("ENVOY"), []string{"122000000002", "122000000001"}; !slices.Equal(got, want) {
		t.Errorf("Serials = %q, want %q", got, want)
	}
	if got := again.Phases(again.Serial("ENVOY")); got != 3 {
		t.Errorf("Phases = %d, want 3", got)
	}
	if got := again.Phases("122000000002"); got != 0 {
		t.Errorf("Phases of the other gateway = %d, want 0", got)
	}

	if err := os.WriteFile(filepath.Join(dir, gatewaysFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := NewGatewayStore(dir).Serials("ENVOY"); got != nil {
		t.Errorf("Serials of a damaged file = %q, want none", got)
	}
}
