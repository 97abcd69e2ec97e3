package sunspec

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// memory is the registers of a device from the base address on.
type memory []uint16

func (m memory) read(address, count int) ([]uint16, error) {
	if address < base || count < 1 || address+count > registerCount {
		panic(fmt.Sprintf("read of %d registers at %d", count, address))
	}
	if address-base+count > len(m) {
		return nil, errors.New("illegal data address")
	}
	return m[address-base : address-base+count], nil
}

// chain returns a chain of models, each an id and a length.
func chain(models ...[2]int) memory {
	m := memory{markerHigh, markerLow}
	for _, h := range models {
		m = append(m, uint16(h[0]), uint16(h[1]))
		m = append(m, make(memory, h[1])...)
	}
	return append(m, endOfChain, 0)
}

func TestFindMeasurement(t *testing.T) {
	many := make([][2]int, maxModels+1)
	for i := range many {
		many[i] = [2]int{100 + i, 1}
	}
	for _, tt := range []struct {
		name  string
		chain memory
		want  model
		err   error
		text  string
	}{
		{"as evcc reads it", chain([2]int{1, 66}, [2]int{701, 153}, [2]int{702, 50}, [2]int{704, 65}), model{701, 153, 40070}, nil, ""},
		{"a common model of 65", chain([2]int{1, 65}, [2]int{701, 153}), model{701, 153, 40069}, nil, ""},
		{"the last one, after an empty model", chain([2]int{1, 66}, [2]int{64110, 0}, [2]int{701, 121}), model{701, 121, 40072}, nil, ""},
		{"another inverter", chain([2]int{1, 66}, [2]int{103, 50}), model{}, ErrNoMeasurement, "it has the models 1, 103"},
		{"no model", chain(), model{}, ErrNoMeasurement, ""},
		{"several", chain([2]int{1, 66}, [2]int{701, 153}, [2]int{701, 153}), model{}, ErrNoMeasurement, "it has the models 1, 701, 701"},
		{"no marker", memory{0, 0, 1, 66}, model{}, ErrNoMeasurement, `registers 40000 and 40001 are not "SunS"`},
		{"no registers", nil, model{}, nil, "illegal data address"},
		{"zeros", append(memory{markerHigh, markerLow}, make(memory, 300)...), model{}, errChain, "after 0 models, at register 40002"},
		{"too many", chain(many...), model{}, errChain, "after 64 models"},
		{"beyond the last register", append(chain([2]int{1, 66})[:70], 702, 65000), model{}, errChain, "it does not end"},
		{"ends without a mark", chain([2]int{701, 153})[:157], model{}, nil, "illegal data address"},
		{"does not fit", append(chain([2]int{2, 25412})[:25416], 701, 0, endOfChain, 0), model{}, errChain, "does not fit at register 65416"},
	} {
		got, err := findMeasurement(tt.chain.read)
		isRight := got == tt.want && (err == nil) == (tt.err == nil && tt.text == "")
		if !isRight || tt.err != nil && !errors.Is(err, tt.err) || !strings.Contains(fmt.Sprint(err), tt.text) {
			t.Errorf("%s: findMeasurement = %v, %v, want %v, %v %s", tt.name, got, err, tt.want, tt.err, tt.text)
		}
	}
}

// FuzzChain: no chain makes the walk endless, or read registers that do not exist.
func FuzzChain(f *testing.F) {
	for _, m := range []memory{chain([2]int{1, 66}, [2]int{701, 153}), chain(), {}, chain([2]int{701, 65000})} {
		var seed []byte
		for _, r := range m[:min(len(m), 400)] {
			seed = append(seed, byte(r>>8), byte(r))
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m := memory{markerHigh, markerLow}
		for i := 0; i+1 < len(data); i += 2 {
			m = append(m, uint16(data[i])<<8|uint16(data[i+1]))
		}
		reads := 0
		found, err := findMeasurement(func(address, count int) ([]uint16, error) {
			reads++
			return m.read(address, count)
		})
		if reads > maxModels+2 {
			t.Errorf("%d reads", reads)
		}
		if err == nil && (found.id != measurementID || found.address+neededRegisters > registerCount) {
			t.Errorf("found %v", found)
		}
	})
}
