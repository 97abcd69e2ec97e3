package schema

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
)

// Live returns the messages below live for the values of a sample, which must be
// in the order of [Values]: the JSON document first, then each power as a plain
// number. They are not retained and have QoS 0: the next sample is better than an
// old one.
func (t Topics) Live(serial string, at time.Time, vs []Value) []mqtt.Message {
	base := t.Gateway(serial) + "/live"
	ms := make([]mqtt.Message, 0, 16) // enough for three meters with three phases
	ms = append(ms, mqtt.Message{Topic: base, Payload: liveDocument(at, vs)})
	for _, v := range vs {
		if v.Quantity() == envoy.Power && v.isLive() {
			ms = append(ms, mqtt.Message{Topic: base + "/" + v.Topic(), Payload: v.appendLive(nil)})
		}
	}
	return ms
}

// LiveDocument returns the JSON document that is published below live for s.
func LiveDocument(s envoy.Sample) []byte { return liveDocument(s.Time, Values(s)) }

// liveDocument encodes values, which are in the order of [Values]:
//
//	{"ts":"2026-11-23T19:00:00.123Z","grid":{"power":-300,"l1":{"power":-100}}}
//
// Values that were not measured are omitted. A null would stop some battery
// controllers until they are restarted (AstraMeter 2.2.3).
func liveDocument(at time.Time, vs []Value) []byte {
	b := make([]byte, 0, 1024)
	b = append(b, `{"ts":"`...)
	b = at.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
	b = append(b, '"')
	var last *Value
	for i := range vs {
		v := &vs[i]
		if !v.isLive() {
			continue
		}
		isNewMeter := last == nil || last.Meter() != v.Meter()
		isNewPhase := !isNewMeter && last.phase != v.phase
		if isNewMeter && last != nil {
			b = closeMeter(b, last.phase)
		} else if isNewPhase && last.phase > 0 {
			b = append(b, '}')
		}
		b = append(b, ',')
		if isNewMeter {
			b = appendObject(b, v.MeterKey())
		}
		if v.phase > 0 && (isNewMeter || isNewPhase) {
			b = appendObject(b, v.PhaseKey())
		}
		b = appendKey(b, v.format().key)
		b = v.appendLive(b)
		last = v
	}
	if last != nil {
		b = closeMeter(b, last.phase)
	}
	return append(b, '}')
}

// appendLive appends the number as the live document contains it.
func (v Value) appendLive(b []byte) []byte {
	return AppendNumber(b, v.Number, v.format().liveDecimals)
}

func appendKey(b []byte, key string) []byte {
	b = append(b, '"')
	b = append(b, key...)
	return append(b, '"', ':')
}

func appendObject(b []byte, key string) []byte { return append(appendKey(b, key), '{') }

// closeMeter closes the object of a meter and, if it is open, that of a phase.
func closeMeter(b []byte, phase uint8) []byte {
	if phase > 0 {
		b = append(b, '}')
	}
	return append(b, '}')
}
