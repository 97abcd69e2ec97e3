package sunspec

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const (
	base          = 40000 // address of the marker
	markerHigh    = 0x5375
	markerLow     = 0x6e53 // "SunS"
	endOfChain    = 0xFFFF // the id after the last model
	maxModels     = 64     // in a chain; the longest known have some 20
	registerCount = 1 << 16
)

// ErrNoMeasurement reports a device without the model 701, or with several, of which
// none is known to be production alone.
var ErrNoMeasurement = errors.New("the device does not have one SunSpec model 701 (DER AC measurement)")

var errChain = errors.New("the chain of SunSpec models is broken")

// A model is one of the models of a device.
type model struct {
	id, length int
	address    int // of its id
}

// findMeasurement walks the chain of models, which read reads, to its end and
// returns the only model 701.
func findMeasurement(read func(address, count int) ([]uint16, error)) (model, error) {
	marker, err := read(base, headerSize)
	if err != nil {
		return model{}, err
	}
	if marker[0] != markerHigh || marker[1] != markerLow {
		return model{}, fmt.Errorf("registers %d and %d are not \"SunS\": %w", base, base+1, ErrNoMeasurement)
	}
	var found []model
	var ids []string
	for address := base + headerSize; ; {
		header, err := readHeader(read, address)
		if err != nil {
			return model{}, err
		}
		m := model{id: int(header[0]), length: int(header[1]), address: address}
		if m.id == endOfChain {
			break
		}
		if m.id == 0 || len(ids) == maxModels {
			return model{}, fmt.Errorf("%w after %d models, at register %d", errChain, len(ids), address)
		}
		ids = append(ids, strconv.Itoa(m.id))
		if m.id == measurementID {
			found = append(found, m)
		}
		address += headerSize + m.length
	}
	if len(found) != 1 {
		return model{}, fmt.Errorf("%w; it has the models %s", ErrNoMeasurement, strings.Join(ids, ", "))
	}
	if found[0].address+neededRegisters > registerCount {
		return model{}, fmt.Errorf("%w: the model 701 does not fit at register %d", errChain, found[0].address)
	}
	return found[0], nil
}

// readHeader reads the id and the length of the model at address.
func readHeader(read func(address, count int) ([]uint16, error), address int) ([]uint16, error) {
	if address+headerSize > registerCount {
		return nil, fmt.Errorf("%w: it does not end", errChain)
	}
	return read(address, headerSize)
}
