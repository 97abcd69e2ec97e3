package binfile

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"
)

// TestValues: what is decoded is what was encoded.
func TestValues(t *testing.T) {
	at := time.UnixMilli(1_800_000_000_123)
	var e Encoder
	e.Uint8(7)
	e.Uint16(65_535)
	e.Int64(-1)
	e.Float64(-0.5)
	e.Float32(1.5)
	e.Float32(-2)
	e.Time(at)
	e.Time(time.Time{})
	e.Text("122012345678")
	d, err := Open(1, Seal(1, e.Content))
	if err != nil {
		t.Fatal(err)
	}
	if a, b, c := d.Uint8(), d.Uint16(), d.Int64(); a != 7 || b != 65_535 || c != -1 {
		t.Errorf("integers %d, %d, %d", a, b, c)
	}
	if v, list := d.Float64(), d.Float32s(2); v != -0.5 || !slices.Equal(list, []float32{1.5, -2}) {
		t.Errorf("numbers %v, %v", v, list)
	}
	if a, b, text := d.Time(), d.Time(), d.Text(); !a.Equal(at) || !b.IsZero() || text != "122012345678" {
		t.Errorf("times %v, %v, text %q", a, b, text)
	}
	if err := d.End(); err != nil {
		t.Error(err)
	}
}

// TestErrors: files and contents that cannot be used.
func TestErrors(t *testing.T) {
	file := Seal(1, []byte("content"))
	changed := func(i int) []byte {
		c := slices.Clone(file)
		c[i]++
		return c
	}
	for _, tt := range []struct {
		name string
		file []byte
		want error
	}{
		{"whole", file, nil},
		{"empty", nil, ErrDamaged},
		{"cut", file[:len(file)-1], ErrDamaged},
		{"other magic", changed(0), ErrDamaged},
		{"newer version", changed(len(Magic)), ErrNewer},
		{"other kind", Seal(2, []byte("content")), ErrDamaged},
		{"changed content", changed(HeaderSize), ErrDamaged},
		{"changed checksum", changed(len(file) - 1), ErrDamaged},
	} {
		if _, err := Open(1, tt.file); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	var infinite Encoder
	infinite.Float32(float32(math.Inf(1)))
	for name, d := range map[string]*Decoder{"infinity": {rest: infinite.Content}, "too short": {rest: []byte{1}}} {
		d.Float32s(1)
		if err := d.End(); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := (&Decoder{rest: []byte{1}}).End(); !errors.Is(err, ErrDamaged) {
		t.Errorf("a content that is left: %v", err)
	}
}
