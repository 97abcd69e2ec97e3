package shard

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A Shard is one of the processes of a fleet. The zero value means that there is no
// fleet.
type Shard struct {
	Number int // from 1 to Count
	Count  int // processes of the fleet
}

// maxCount limits the number of shards.
const maxCount = 1000

var (
	errSyntax = errors.New("want the number of this shard and the number of all, e.g. 2/5, or auto/5")
	errCount  = fmt.Errorf("there may be %d shards at most", maxCount)
	errNumber = errors.New("shards are counted from 1 to their number, e.g. 5/5 is the last")
	errHost   = errors.New("auto requires a host name that ends in - and a number, as pods of a StatefulSet have: envoy-mqtt-0 is shard 1")
)

// auto is the word in place of the number that stands for the ordinal in the host
// name.
const auto = "auto"

// Parse returns the shard that text describes, such as 2/5. The number of auto/5 is
// one more than the ordinal at the end of the host name, which StatefulSets count
// from 0.
func Parse(text, host string) (Shard, error) {
	number, count, isComplete := strings.Cut(strings.ReplaceAll(text, " ", ""), "/")
	var s Shard
	var err error
	if s.Count, err = strconv.Atoi(count); err != nil || !isComplete {
		return Shard{}, errSyntax
	}
	if strings.EqualFold(number, auto) {
		ordinal, err := strconv.Atoi(host[strings.LastIndex(host, "-")+1:])
		if err != nil || ordinal < 0 || !strings.Contains(host, "-") {
			return Shard{}, errHost
		}
		s.Number = ordinal + 1
	} else if s.Number, err = strconv.Atoi(number); err != nil {
		return Shard{}, errSyntax
	}
	switch {
	case s.Count > maxCount:
		return Shard{}, errCount
	case s.Number < 1 || s.Number > s.Count:
		return Shard{}, errNumber
	}
	return s, nil
}

// IsSet reports whether there is a fleet.
func (s Shard) IsSet() bool { return s.Count > 0 }

// String returns the shard as it is configured, such as 2/5.
func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Number, s.Count) }

// Owns reports whether the gateway of a section belongs to the shard. Without a
// fleet, every gateway does.
func (s Shard) Owns(section string) bool { return !s.IsSet() || Of(section, s.Count) == s.Number }

// Of returns the number of the shard, from 1 to count, that the gateway of a section
// belongs to. This is rendezvous hashing: the section has a weight with each shard
// that does not depend on the others, and belongs to the one with the highest. One
// more shard only takes gateways from the others, and they keep the rest.
func Of(section string, count int) (number int) {
	var highest uint64
	for n := 1; n <= count; n++ {
		if w := weight(section, n); w > highest || number == 0 {
			number, highest = n, w
		}
	}
	return number
}

// weight returns the weight of a section with the shard n. It must never change:
// all processes of a fleet must agree.
func weight(section string, n int) uint64 {
	sum := sha256.Sum256([]byte(section + "/" + strconv.Itoa(n)))
	return binary.BigEndian.Uint64(sum[:])
}
