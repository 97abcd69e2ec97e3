// Package binfile has files of binary values with a kind, a version and a checksum.
package binfile

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
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

// An Encoder appends values to a content.
type Encoder struct{ Content []byte }

// Add appends values that have a size of their own, such as uint16 and []float32, as
// [binary.Append] does.
func (e *Encoder) Add(values ...any) {
	for _, v := range values {
		content, err := binary.Append(e.Content, binary.LittleEndian, v)
		if err != nil {
			panic(err) // a value without a size, such as int
		}
		e.Content = content
	}
}

// AddTime appends a time in ms since 1970; 0 is the zero time.
func (e *Encoder) AddTime(t time.Time) {
	if t.IsZero() {
		e.Add(int64(0))
	} else {
		e.Add(t.UnixMilli())
	}
}

// AddText appends the length of s, which has at most 255 bytes, in one byte, then s.
func (e *Encoder) AddText(s string) { e.Add(uint8(len(s)), []byte(s)) }

// A Decoder reads values of a content.
type Decoder struct {
	Failed bool
	rest   []byte
}

// Read reads what [Encoder.Add] has appended into slices and pointers. After a failure
// they stay as they are.
func (d *Decoder) Read(values ...any) {
	for _, v := range values {
		n, err := binary.Decode(d.rest, binary.LittleEndian, v)
		d.Failed, d.rest = d.Failed || err != nil, d.rest[n:]
		if err != nil {
			d.rest = nil
		}
	}
}

// Time returns what [Encoder.AddTime] has appended.
func (d *Decoder) Time() time.Time {
	var ms int64
	if d.Read(&ms); ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// Text returns what [Encoder.AddText] has appended.
func (d *Decoder) Text() string {
	var n uint8
	d.Read(&n)
	text := make([]byte, n)
	d.Read(text)
	return string(text)
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
