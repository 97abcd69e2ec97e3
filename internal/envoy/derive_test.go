package envoy

import (
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// TestStorageOf: batteries without a CT are a meter if the power of all is known.
func TestStorageOf(t *testing.T) {
	for _, power := range []wire.Optional[float64]{{}, wire.Some(0.0), wire.Some(-427.0)} {
		m, ok := StorageOf(device.Batteries{Power: power})
		want, isKnown := power.Get()
		if w, has := m.Total.Get(Power); ok != isKnown || has != isKnown || w != want || ok && m.Measurement != Storage {
			t.Errorf("StorageOf the power %v = %+v, %t", power, m, ok)
		}
	}
}
