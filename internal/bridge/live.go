package bridge

import (
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// live returns the messages of one sample under live: the whole as one JSON
// document first, then the powers as plain numbers. They are not retained and
// may be lost: the next sample is better than an old one. What was not
// measured is not in them, because a null stops some battery controllers for
// good (AstraMeter 2.2.3).
func (t topics) live(serial string, s envoy.Sample) []Message {
	base := t.gateway(serial) + "/live"
	vs := slices.DeleteFunc(measured(s), func(v value) bool { return !quantities[v.quantity].live })

	ms := make([]Message, 1, 1+len(vs))
	ms[0] = Message{Topic: base, Payload: document(s.Time, vs)}
	for _, v := range vs {
		if v.quantity == envoy.Power {
			ms = append(ms, Message{Topic: base + "/" + v.topic(), Payload: appendNumber(nil, v.number, quantities[v.quantity].precise)})
		}
	}
	return ms
}

// document writes values, which are ordered by meter and phase, as JSON:
// {"ts":…,"grid":{"power":-300,"l1":{"power":-100}}}.
func document(ts time.Time, vs []value) []byte {
	b := make([]byte, 0, 1024)
	b = append(b, `{"ts":"`...)
	b = ts.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
	b = append(b, '"')
	for i, v := range vs {
		first := i == 0 || vs[i-1].meter != v.meter
		inner := !first && vs[i-1].phase != v.phase
		switch {
		case first && i > 0:
			b = closeMeter(b, vs[i-1])
			fallthrough
		case first:
			b = append(b, ',', '"')
			b = append(b, meterKeys[v.meter]...)
			b = append(b, '"', ':', '{')
		case inner && vs[i-1].phase > 0:
			b = append(b, '}')
			fallthrough
		case inner:
			b = append(b, ',', '"')
			b = append(b, phaseKeys[v.phase]...)
			b = append(b, '"', ':', '{')
		default:
			b = append(b, ',')
		}
		q := quantities[v.quantity]
		b = append(b, '"')
		b = append(b, q.key...)
		b = append(b, '"', ':')
		b = appendNumber(b, v.number, q.precise)
	}
	if len(vs) > 0 {
		b = closeMeter(b, vs[len(vs)-1])
	}
	return append(b, '}')
}

func closeMeter(b []byte, last value) []byte {
	if last.phase > 0 {
		b = append(b, '}')
	}
	return append(b, '}')
}
