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
	of        func(D) value
}

// A value is a reported value in its two forms. They are empty if it was not
// reported.
type value struct {
	json    string // in a document
	payload string // of a topic of its own
}

func number(v float64, decimals int) value {
	text := string(schema.AppendNumber(nil, v, decimals))
	return value{text, text}
}

func quoted(text string) value {
	if text == "" {
		return value{}
	}
	return value{strconv.Quote(text), text} // package envoy returns printable ASCII only
}

func boolean(v bool) value {
	if v {
		return value{"true", "ON"}
	}
	return value{"false", "OFF"}
}

func numberField[D any](decimals int, of func(D) wire.Optional[float64]) func(D) value {
	return func(d D) value {
		if v, ok := of(d).Get(); ok {
			return number(v, decimals)
		}
		return value{}
	}
}

func stringField[D any](of func(D) string) func(D) value {
	return func(d D) value { return quoted(of(d)) }
}

func timeField[D any](of func(D) time.Time) func(D) value {
	return func(d D) value {
		if t := of(d); !t.IsZero() {
			return quoted(t.UTC().Format(time.RFC3339))
		}
		return value{}
	}
}

func boolField[D any](of func(D) wire.Optional[bool]) func(D) value {
	return func(d D) value {
		if v, ok := of(d).Get(); ok {
			return boolean(v)
		}
		return value{}
	}
}

// seconds rounds d up to whole seconds, at least one, as MQTT and Home Assistant
// count.
func seconds(d time.Duration) uint32 {
	return uint32(max(1, (d+time.Second-1)/time.Second))
}
