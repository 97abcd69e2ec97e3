// Package binfile has files of binary values with a kind, a version and a checksum.
package binfile

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"time"
)

// A file consists of the magic, the version and the kind (two bytes each), the
// length of the content (four bytes), the content, and the CRC-32 of all before
// it. Numbers are little-endian.
const (
	Magic      = "envyhist"
	version    = 1
	HeaderSize = len(Magic) + 8
)

// A Kind is what a file contains.
type Kind uint16

// Errors of [Open] and [Decoder.End].
var (
	ErrDamaged = errors.New("the file is damaged")
	ErrNewer   = errors.New("the file is of a newer version")
)

// Seal returns the file with a content.
func Seal(k Kind, content []byte) []byte {
	b := make([]byte, 0, HeaderSize+len(content)+4)
	b = append(b, Magic...)
	b = binary.LittleEndian.AppendUint16(b, version)
	b = binary.LittleEndian.AppendUint16(b, uint16(k))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(content)))
	b = append(b, content...)
	return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

// Open returns the content of a file.
func Open(k Kind, file []byte) (*Decoder, error) {
	if len(file) < HeaderSize+4 || string(file[:len(Magic)]) != Magic {
		return nil, ErrDamaged
	}
	header := file[len(Magic):]
	if v := binary.LittleEndian.Uint16(header); v > version {
		return nil, ErrNewer
	}
	content, end := file[HeaderSize:len(file)-4], file[len(file)-4:]
	if binary.LittleEndian.Uint32(end) != crc32.ChecksumIEEE(file[:len(file)-4]) ||
		Kind(binary.LittleEndian.Uint16(header[2:])) != k ||
		uint64(binary.LittleEndian.Uint32(header[4:])) != uint64(len(content)) {
		return nil, ErrDamaged
	}
	return &Decoder{rest: content}, nil
}

// An Encoder appends values to a content. Texts have at most 255 bytes, Uint16 takes
// numbers up to 65,535.
type Encoder struct{ Content []byte }

// Uint8 appends v.
func (e *Encoder) Uint8(v uint8) { e.Content = append(e.Content, v) }

// Uint16 appends v in two bytes.
func (e *Encoder) Uint16(v int) { e.Content = binary.LittleEndian.AppendUint16(e.Content, uint16(v)) }

// Int64 appends v in eight bytes.
func (e *Encoder) Int64(v int64) { e.Content = binary.LittleEndian.AppendUint64(e.Content, uint64(v)) }

// Float64 appends the bits of v in eight bytes.
func (e *Encoder) Float64(v float64) { e.Int64(int64(math.Float64bits(v))) }

// Float32 appends the bits of v in four bytes.
func (e *Encoder) Float32(v float32) {
	e.Content = binary.LittleEndian.AppendUint32(e.Content, math.Float32bits(v))
}

// Time appends a time in ms since 1970; 0 is the zero time.
func (e *Encoder) Time(t time.Time) {
	if t.IsZero() {
		e.Int64(0)
		return
	}
	e.Int64(t.UnixMilli())
}

// Text appends the length of s in one byte, then s.
func (e *Encoder) Text(s string) {
	e.Uint8(uint8(len(s)))
	e.Content = append(e.Content, s...)
}

// A Decoder reads values of a content. After a failure it returns zeros.
type Decoder struct {
	Failed bool
	rest   []byte
}

// bytes returns the next n bytes, zeros if there are fewer.
func (d *Decoder) bytes(n int) []byte {
	if len(d.rest) < n {
		d.Failed, d.rest = true, nil
		return make([]byte, n)
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

// Uint8 returns the next byte.
func (d *Decoder) Uint8() uint8 { return d.bytes(1)[0] }

// Uint16 returns what [Encoder.Uint16] has appended.
func (d *Decoder) Uint16() int { return int(binary.LittleEndian.Uint16(d.bytes(2))) }

// Int64 returns what [Encoder.Int64] has appended.
func (d *Decoder) Int64() int64 { return int64(binary.LittleEndian.Uint64(d.bytes(8))) }

// Float64 returns what [Encoder.Float64] has appended.
func (d *Decoder) Float64() float64 { return math.Float64frombits(uint64(d.Int64())) }

// Time returns what [Encoder.Time] has appended.
func (d *Decoder) Time() time.Time {
	if ms := d.Int64(); ms != 0 {
		return time.UnixMilli(ms)
	}
	return time.Time{}
}

// Text returns what [Encoder.Text] has appended.
func (d *Decoder) Text() string { return string(d.bytes(int(d.Uint8()))) }

// Float32s returns n values. Infinity is a failure.
func (d *Decoder) Float32s(n int) []float32 {
	values, b := make([]float32, n), d.bytes(4*n)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		d.Require(!math.IsInf(float64(values[i]), 0))
	}
	return values
}

// Require fails unless ok.
func (d *Decoder) Require(ok bool) { d.Failed = d.Failed || !ok }

// End returns an error if a value was not valid or if content is left.
func (d *Decoder) End() error {
	if d.Failed || len(d.rest) > 0 {
		return ErrDamaged
	}
	return nil
}
