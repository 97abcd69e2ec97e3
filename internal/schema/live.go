package schema

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
)

// Live returns the messages below live for a sample: the JSON document first, then
// each power as a plain number. They are not retained and have QoS 0: the next
// sample is better than an old one.
func (t Topics) Live(serial string, s envoy.Sample) []mqtt.Message {
	return t.live(serial, s, false)
}

func (t Topics) live(serial string, s envoy.Sample, isFailSafe bool) []mqtt.Message {
	base := t.Gateway(serial) + "/live"
	ms := make([]mqtt.Message, 0, 16) // enough for three meters with three phases
	ms = append(ms, mqtt.Message{Topic: base, Payload: liveDocument(s, isFailSafe)})
	for _, v := range Values(s) {
		if v.Quantity == envoy.Power && v.isLive() {
			ms = append(ms, mqtt.Message{Topic: base + "/" + v.Topic, Payload: v.appendLive(nil, v.Number)})
		}
	}
	return ms
}

// LiveDocument returns the JSON document that is published below live for s.
func LiveDocument(s envoy.Sample) []byte { return liveDocument(s, false) }

// liveDocument encodes the values of s that are live:
//
//	{"ts":"2026-11-23T19:00:00.123Z","grid":{"power":-300,"l1":{"power":-100}}}
//
// Values that were not measured are omitted. A null would stop some battery
// controllers until they are restarted (AstraMeter 2.2.3).
func liveDocument(s envoy.Sample, isFailSafe bool) []byte {
	b := make([]byte, 0, 1024)
	b = append(b, `{"ts":"`...)
	b = s.Time.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
	b = append(b, '"')
	if isFailSafe {
		b = append(b, `,"failsafe":true`...)
	}
	for i := range meterRows {
		row := &meterRows[i]
		m, ok := s.Meter(row.measurement)
		if !ok {
			continue
		}
		b = appendObject(b, row.key, func(b []byte) []byte {
			b = appendChannel(b, row.sensors[0], &m.Total)
			for p := range m.Phases {
				b = appendObject(b, phaseKeys[p+1], func(b []byte) []byte {
					return appendChannel(b, row.sensors[p+1], &m.Phases[p])
				})
			}
			return b
		})
	}
	return append(b, '}')
}

// appendChannel appends the live values of the channel that has these sensors.
func appendChannel(b []byte, sensors []*Sensor, c *envoy.Channel) []byte {
	for _, s := range sensors {
		if number, ok := c.Get(s.Quantity); ok && s.isLive() {
			b = s.appendLive(appendKey(b, s.Quantity.String()), number)
		}
	}
	return b
}

// appendObject appends an object with the members that appendMembers appends, and
// nothing if it appends none.
func appendObject(b []byte, key string, appendMembers func([]byte) []byte) []byte {
	before := len(b)
	b = append(appendKey(b, key), '{')
	empty := len(b)
	if b = appendMembers(b); len(b) == empty {
		return b[:before]
	}
	return append(b, '}')
}

// appendKey appends the key of an object's next member.
func appendKey(b []byte, key string) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b = append(b, '"')
	b = append(b, key...)
	return append(b, '"', ':')
}

// appendLive appends a number as the live document contains it.
func (s *Sensor) appendLive(b []byte, number float64) []byte {
	return AppendNumber(b, number, s.format.liveDecimals)
}

// FailSafe returns the messages below live that replace those of a sample when
// the grid is no longer measured: a configured power for readers that keep the
// last value. It is in watts, + import, and the phases add up to it. The document
// contains "failsafe":true.
func (t Topics) FailSafe(serial string, watts float64, phases int, now time.Time) []mqtt.Message {
	m := envoy.Meter{Measurement: envoy.NetConsumption}
	m.Total.Set(envoy.Power, watts)
	if phases > 1 {
		share := rounded(watts/float64(phases), 3)
		m.Phases = make([]envoy.Channel, phases)
		for i := range m.Phases {
			m.Phases[i].Set(envoy.Power, share)
		}
		m.Phases[phases-1].Set(envoy.Power, rounded(watts-share*float64(phases-1), 3))
	}
	return t.live(serial, envoy.Sample{Time: now, Meters: []envoy.Meter{m}}, true)
}

// GridPhases returns the number of phases that are measured at the grid
// connection, and 0 if it is not measured.
func GridPhases(s envoy.Sample) int {
	if m, ok := s.Meter(envoy.NetConsumption); ok {
		return max(1, len(m.Phases))
	}
	return 0
}
