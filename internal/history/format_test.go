package history

import (
	"encoding/binary"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/history/binfile"
)

// TestFormat checks that files are written as ever, by their lengths and by their
// checksums, which are the last four bytes.
func TestFormat(t *testing.T) {
	var last reading
	last.counters[imported], last.at[imported] = counter{1234.5, envoy.EIMRegister}, time.UnixMilli(1_800_000_000_123)
	last.batteries = time.UnixMilli(1_800_000_000_000)
	first, second := newDay(Date{2026, 6, 17}), newDay(Date{2026, 6, 18})
	first.peak, first.counted[produced], second.integrated[used] = 7800, 31.25, 12.5
	powers := &chunk{number: 82490}
	powers.series[Grid] = nanSlice(chunkSlots)
	powers.series[Grid][7], powers.series[Grid][8] = -1500.5, 0
	reports := &inverterDay{date: Date{2026, 6, 18}, start: 1_781_733_600, slots: 96, power: map[string][]float32{}}
	reports.power["122200000001"], reports.power["122200000000"] = nil, nanSlice(reports.slots)
	reports.power["122200000000"][48] = 230
	for _, tt := range []struct {
		name     string
		file     []byte
		length   int
		checksum uint32
	}{
		{"days", encodeDays(&last, []*day{first, second}), 363, 0xd6ae29c5},
		{"powers", powers.encode(), 1473, 0xf7c3a477},
		{"inverters", reports.encode(), 447, 0xa347280a},
	} {
		checksum := binary.LittleEndian.Uint32(tt.file[len(tt.file)-4:])
		if len(tt.file) != tt.length || checksum != tt.checksum {
			t.Errorf("%s: %d bytes with checksum %#x, want %d with %#x", tt.name, len(tt.file), checksum, tt.length, tt.checksum)
		}
	}
}

// TestInfinity checks that a file with an infinite power is damaged.
func TestInfinity(t *testing.T) {
	powers := new(chunk)
	powers.series[Grid] = nanSlice(chunkSlots)
	powers.series[Grid][7] = float32(math.Inf(1))
	if _, err := decodeChunk(powers.encode()); !errors.Is(err, binfile.ErrDamaged) {
		t.Errorf("decodeChunk: %v, want %v", err, binfile.ErrDamaged)
	}
}
