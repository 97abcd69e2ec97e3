package bridge

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
)

// live returns the messages of a sample's values under live: the whole as one JSON
// document first, then the powers as plain numbers. They are not retained and
// may be lost: the next sample is better than an old one. What was not
// measured is not in them, because a null stops some battery controllers for
// good (AstraMeter 2.2.3).
func (t topics) live(serial string, ts time.Time, vs []value) []mqtt.Message {
	base := t.gateway(serial) + "/live"
	ms := []mqtt.Message{{Topic: base, Payload: document(ts, vs)}}
	for _, v := range vs {
		if v.sensor().quantity == envoy.Power && inLive(v.meter()) {
			ms = append(ms, mqtt.Message{Topic: base + "/" + v.topic(), Payload: appendNumber(nil, v.number, v.quantity().precise)})
		}
	}
	return ms
}

// Document returns the JSON document that is published under live for s.
func Document(s envoy.Sample) []byte {
	return document(s.Time, measured(s))
}

// document writes values, which are ordered by meter and phase, as JSON:
// {"ts":…,"grid":{"power":-300,"l1":{"power":-100}}}.
func document(ts time.Time, vs []value) []byte {
	b := make([]byte, 0, 1024)
	b = append(b, `{"ts":"`...)
	b = ts.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
	b = append(b, '"')
	var last *value
	for i := range vs {
		v := &vs[i]
		q := v.quantity()
		if !q.live || !inLive(v.meter()) {
			continue
		}
		first := last == nil || last.meter() != v.meter()
		inner := !first && last.phase != v.phase
		switch {
		case first && last != nil:
			b = closeMeter(b, last.phase)
			fallthrough
		case first:
			b = append(b, ',', '"')
			b = append(b, meterKeys[v.meter()]...)
			b = append(b, '"', ':', '{')
		case inner && last.phase > 0:
			b = append(b, '}')
			fallthrough
		case inner:
			b = append(b, ',', '"')
			b = append(b, phaseKeys[v.phase]...)
			b = append(b, '"', ':', '{')
		default:
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, q.key...)
		b = append(b, '"', ':')
		b = appendNumber(b, v.number, q.precise)
		last = v
	}
	if last != nil {
		b = closeMeter(b, last.phase)
	}
	return append(b, '}')
}

func closeMeter(b []byte, phase uint8) []byte {
	if phase > 0 {
		b = append(b, '}')
	}
	return append(b, '}')
}
