package sunspec

import (
	"fmt"
	"math"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// A Measurement has the values of a model 701, in the words of the model. Values that
// the device does not implement are absent.
type Measurement struct {
	Total Line
	Hz    wire.Number
	// Lines are L1, L2 and L3, as many as the device has; none where it reports the
	// total only.
	Lines []Line
}

// A Line has the values of the device or of one phase. W is positive when power is
// generated. Energies are in Wh.
type Line struct {
	W, VA, Var, PF, A  wire.Number
	V                  wire.Number // line to neutral; of a total only where there is one phase
	TotWhInj, TotWhAbs wire.Number
}

const (
	measurementID = 701 // the id of the model
	headerSize    = 2   // registers of any model in front of its points: id and length
)

// Places of registers, from that of the id on.
const (
	atLength = 1
	atACType = 2
	atLNV    = 16
	atHz     = 17

	firstLine = 41 // of L1
	lineSize  = 23

	atASF      = 113
	atVSF      = 114
	atHzSF     = 115
	atWSF      = 116
	atPFSF     = 117
	atVASF     = 118
	atVarSF    = 119
	atTotWhSF  = 120
	lastNeeded = atTotWhSF

	// neededRegisters are all up to the last scale factor: fewer than the 125 that
	// one response can have. The alarm text that follows is not read.
	neededRegisters = lastNeeded + 1
)

// places are those of the values of a [Line], from its first register on. V is not
// among them: the two voltages of the total are no values of a line.
type places struct{ w, va, vr, pf, a, injected, absorbed int }

var (
	ofTotal = places{w: 10, va: 11, vr: 12, pf: 13, a: 14, injected: 19, absorbed: 23}
	ofLine  = places{w: 0, va: 1, vr: 2, pf: 3, a: 4, injected: 7, absorbed: 11}
)

const atLineV = 6 // of a phase

// Parse returns the measurement in registers, which begin with the id of the model.
func Parse(registers []uint16) (Measurement, error) {
	switch {
	case len(registers) < neededRegisters:
		return Measurement{}, fmt.Errorf("%d registers of the model 701, which has %d", len(registers), neededRegisters)
	case registers[0] != measurementID:
		return Measurement{}, fmt.Errorf("the model 701 has become a model %d", registers[0])
	case int(registers[atLength]) < neededRegisters-headerSize:
		return Measurement{}, fmt.Errorf("the length of the model 701 is %d, too short for its scale factors", registers[atLength])
	}
	b := block(registers)
	m := Measurement{
		Total: b.line(0, ofTotal),
		Hz:    b.frequency(),
	}
	for at := firstLine; at < firstLine+3*lineSize; at += lineSize {
		l := b.line(at, ofLine)
		l.V = b.voltage(at + atLineV)
		if l.W.Kind == wire.Absent || len(m.Lines) > 0 && l.isUnused() {
			break
		}
		m.Lines = append(m.Lines, l)
	}
	switch {
	case len(m.Lines) == 1:
		m.Total.V = m.Lines[0].V
	case len(m.Lines) == 0 && registers[atACType] == 0: // a single phase; else it is an average
		m.Total.V = b.voltage(atLNV)
	}
	return m, nil
}

// IsUnused reports whether nothing has been measured yet, as after a start.
func (m *Measurement) IsUnused() bool {
	for _, l := range m.Lines {
		if !l.isUnused() {
			return false
		}
	}
	return m.Total.W.Value == 0 && (len(m.Lines) > 0 || m.Total.isUnused())
}

// isUnused reports whether a phase is reported with zeros, also its voltage.
func (l *Line) isUnused() bool {
	return l.W.Value == 0 && l.A.Value == 0 && l.V == wire.Number{Kind: wire.Numeric}
}

// A block has the registers of a model, from its id on.
type block []uint16

// line returns the values from the register first on, but for the voltage.
func (b block) line(first int, at places) Line {
	return Line{
		W:        b.signed(first+at.w, atWSF),
		VA:       b.signed(first+at.va, atVASF),
		Var:      b.signed(first+at.vr, atVarSF),
		PF:       b.signed(first+at.pf, atPFSF),
		A:        b.signed(first+at.a, atASF),
		TotWhInj: b.counter(first + at.injected),
		TotWhAbs: b.counter(first + at.absorbed),
	}
}

const (
	noSigned   = 0x8000 // an int16 or a scale factor that is not implemented
	noUnsigned = 0xFFFF
)

// signed returns an int16.
func (b block) signed(at, scale int) wire.Number {
	if b[at] == noSigned {
		return wire.Number{}
	}
	return b.scaled(float64(int16(b[at])), scale)
}

// voltage returns a uint16. It was an int16 in drafts of the model, so that either
// may be the value that is not implemented.
func (b block) voltage(at int) wire.Number {
	if b[at] == noSigned || b[at] == noUnsigned {
		return wire.Number{}
	}
	return b.scaled(float64(b[at]), atVSF)
}

func (b block) frequency() wire.Number {
	v := uint32(b[atHz])<<16 | uint32(b[atHz+1])
	if v == math.MaxUint32 {
		return wire.Number{}
	}
	return b.scaled(float64(v), atHzSF)
}

// counter returns an energy. A counter of 0 is not implemented in drafts of the model
// (acc64), and has not counted anything otherwise.
func (b block) counter(at int) wire.Number {
	var v uint64
	for _, r := range b[at : at+4] {
		v = v<<16 | uint64(r)
	}
	if v == 0 || v == math.MaxUint64 || v == 1<<63 {
		return wire.Number{}
	}
	return b.scaled(float64(v), atTotWhSF)
}

// scaled returns v times ten to the power of the scale factor at a place. Without the
// factor the value is unknown.
func (b block) scaled(v float64, at int) wire.Number {
	factor := int16(b[at])
	switch {
	case b[at] == noSigned:
		return wire.Number{}
	case factor < -10 || factor > 10:
		return wire.Number{Kind: wire.Malformed}
	case factor < 0: // a division is exact for the decimals of v
		v /= math.Pow10(int(-factor))
	default:
		v *= math.Pow10(int(factor))
	}
	return wire.NewNumber(v)
}
