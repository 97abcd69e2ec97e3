package binfile

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// TestValues: what is decoded is what was encoded.
func TestValues(t *testing.T) {
	at := time.UnixMilli(1_800_000_000_123)
	var e Encoder
	e.Add(uint8(7), true, uint16(65_535), int64(-1), -0.5, []float32{1.5, -2}, []float32(nil))
	e.AddTime(at)
	e.AddTime(time.Time{})
	e.AddText("122012345678")
	d, err := Open(1, Seal(1, e.Content))
	if err != nil {
		t.Fatal(err)
	}
	var (
		a    uint8
		b    bool
		c    uint16
		i    int64
		v    float64
		list = make([]float32, 2)
	)
	if d.Read(&a, &b, &c, &i, &v, list); a != 7 || !b || c != 65_535 || i != -1 || v != -0.5 || !slices.Equal(list, []float32{1.5, -2}) {
		t.Errorf("values %v, %v, %v, %v, %v, %v", a, b, c, i, v, list)
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
	short := &Decoder{rest: []byte{1}}
	short.Read(make([]float32, 1))
	if err := short.End(); !errors.Is(err, ErrDamaged) {
		t.Errorf("too short: %v", err)
	}
	if err := (&Decoder{rest: []byte{1}}).End(); !errors.Is(err, ErrDamaged) {
		t.Errorf("a content that is left: %v", err)
	}
}
