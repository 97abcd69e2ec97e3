package devices

import (
	"strconv"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// A field is one value that a D reports. Its row is the only place that defines
// it: the document and Home Assistant's entity follow from it.
type field[D any] struct {
	key       string // in the document, and at the end of the unique id
	component hass.Component
	encode    func(D) string // returns the value in JSON, or an empty text if it was not reported
}

func numberField[D any](decimals int, of func(D) wire.Optional[float64]) func(D) string {
	return func(d D) string {
		v, ok := of(d).Get()
		if !ok {
			return ""
		}
		return string(schema.AppendNumber(nil, v, decimals))
	}
}

func stringField[D any](of func(D) string) func(D) string {
	return func(d D) string {
		if s := of(d); s != "" {
			return strconv.Quote(s) // package envoy returns printable ASCII only
		}
		return ""
	}
}

func timeField[D any](of func(D) time.Time) func(D) string {
	return func(d D) string {
		if t := of(d); !t.IsZero() {
			return `"` + t.UTC().Format(time.RFC3339) + `"`
		}
		return ""
	}
}

func boolField[D any](of func(D) wire.Optional[bool]) func(D) string {
	return func(d D) string {
		if v, ok := of(d).Get(); ok {
			return strconv.FormatBool(v)
		}
		return ""
	}
}

// A fieldSet is some rows of a table of fields, one bit each.
type fieldSet uint64

func (s fieldSet) has(row int) bool { return s>>row&1 == 1 }

// encodeDocument returns the fields of d as a JSON document, and which fields it
// contains.
func encodeDocument[D any](d D, fields []field[D]) (document []byte, present fieldSet) {
	document = append(document, '{')
	for row, f := range fields {
		text := f.encode(d)
		if text == "" {
			continue
		}
		if present != 0 {
			document = append(document, ',')
		}
		present |= 1 << row
		document = append(document, '"')
		document = append(document, f.key...)
		document = append(document, '"', ':')
		document = append(document, text...)
	}
	return append(document, '}'), present
}

// documentEntities returns the entities of a device whose documents contain the
// fields. A field that is missing from one document makes its entity unknown.
func documentEntities[D any](fields []field[D], present fieldSet, ttl time.Duration) []hass.Entity {
	es := make([]hass.Entity, 0, len(fields))
	for row := range fields {
		if !present.has(row) {
			continue
		}
		f := &fields[row]
		e := hass.Entity{ID: f.key, Component: &f.component}
		if f.component.StateClass != "total_increasing" {
			e.ExpireAfter = seconds(ttl)
		}
		es = append(es, e)
	}
	return es
}

// seconds rounds d up to whole seconds, at least one, as MQTT and Home Assistant
// count.
func seconds(d time.Duration) uint32 {
	return uint32(max(1, (d+time.Second-1)/time.Second))
}
