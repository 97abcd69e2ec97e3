package history

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
	magic      = "envyhist"
	version    = 1
	headerSize = len(magic) + 8
)

// A kind is what a file contains.
type kind uint16

const (
	kindDays kind = 1 + iota
	kindChunk
	kindInverters
)

var (
	errDamaged = errors.New("the file is damaged")
	errNewer   = errors.New("the file is of a newer version")
)

// seal returns the file with a content.
func seal(k kind, content []byte) []byte {
	b := make([]byte, 0, headerSize+len(content)+4)
	b = append(b, magic...)
	b = binary.LittleEndian.AppendUint16(b, version)
	b = binary.LittleEndian.AppendUint16(b, uint16(k))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(content)))
	b = append(b, content...)
	return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

// open returns the content of a file.
func open(k kind, file []byte) (*decoder, error) {
	if len(file) < headerSize+4 || string(file[:len(magic)]) != magic {
		return nil, errDamaged
	}
	header := file[len(magic):]
	if v := binary.LittleEndian.Uint16(header); v > version {
		return nil, errNewer
	}
	content, end := file[headerSize:len(file)-4], file[len(file)-4:]
	if binary.LittleEndian.Uint32(end) != crc32.ChecksumIEEE(file[:len(file)-4]) ||
		kind(binary.LittleEndian.Uint16(header[2:])) != k ||
		uint64(binary.LittleEndian.Uint32(header[4:])) != uint64(len(content)) {
		return nil, errDamaged
	}
	return &decoder{rest: content}, nil
}

// An encoder appends values to a content.
type encoder struct{ content []byte }

func (e *encoder) uint8(v uint8) { e.content = append(e.content, v) }
func (e *encoder) uint16(v int)  { e.content = binary.LittleEndian.AppendUint16(e.content, uint16(v)) }

func (e *encoder) int64(v int64)     { e.content = binary.LittleEndian.AppendUint64(e.content, uint64(v)) }
func (e *encoder) float64(v float64) { e.int64(int64(math.Float64bits(v))) }

func (e *encoder) float32(v float32) {
	e.content = binary.LittleEndian.AppendUint32(e.content, math.Float32bits(v))
}

// time appends a time in ms since 1970; 0 is the zero time.
func (e *encoder) time(t time.Time) {
	if t.IsZero() {
		e.int64(0)
		return
	}
	e.int64(t.UnixMilli())
}

func (e *encoder) text(s string) {
	e.uint8(uint8(len(s)))
	e.content = append(e.content, s...)
}

func (e *encoder) date(d Date) {
	e.uint16(d.Year)
	e.uint8(uint8(d.Month))
	e.uint8(uint8(d.Day))
}

// A decoder reads values of a content. After a failure it returns zeros.
type decoder struct {
	rest   []byte
	failed bool
}

// bytes returns the next n bytes, zeros if there are fewer.
func (d *decoder) bytes(n int) []byte {
	if len(d.rest) < n {
		d.failed, d.rest = true, nil
		return make([]byte, n)
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) uint8() uint8     { return d.bytes(1)[0] }
func (d *decoder) uint16() int      { return int(binary.LittleEndian.Uint16(d.bytes(2))) }
func (d *decoder) int64() int64     { return int64(binary.LittleEndian.Uint64(d.bytes(8))) }
func (d *decoder) float64() float64 { return math.Float64frombits(uint64(d.int64())) }

func (d *decoder) time() time.Time {
	if ms := d.int64(); ms != 0 {
		return time.UnixMilli(ms)
	}
	return time.Time{}
}

func (d *decoder) text() string { return string(d.bytes(int(d.uint8()))) }

// float32s returns n values. Infinity is a failure.
func (d *decoder) float32s(n int) []float32 {
	values, b := nanSlice(n), d.bytes(4*n)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		d.require(!math.IsInf(float64(values[i]), 0))
	}
	return values
}

// date returns a date that exists; others are a failure.
func (d *decoder) date() Date {
	date := Date{d.uint16(), time.Month(d.uint8()), int(d.uint8())}
	d.require(date.AddDays(0) == date)
	return date
}

// require fails unless ok.
func (d *decoder) require(ok bool) { d.failed = d.failed || !ok }

// end returns an error if a value was not valid or if content is left.
func (d *decoder) end() error {
	if d.failed || len(d.rest) > 0 {
		return errDamaged
	}
	return nil
}
