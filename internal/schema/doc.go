// Package schema defines what the measurements of a gateway look like on MQTT.
// It converts a sample into topics and payloads, and it sends nothing itself.
//
// The tables of sensors.go and quantities.go are the only place that lists the
// published values. A [Sensor] is a row of the table, applied to a whole meter or
// to one of its phases; it knows its topic and what Home Assistant needs for the
// entity. A [Value] is a sensor with a number. Of a sample, [Values] returns the
// content of the retained topics, and [Topics.Live] one JSON document.
//
// [Topics] contains the topics of a bridge and of Home Assistant's discovery.
// [Formatters] encodes a sample in the formats of other programs, on their
// topics. [Topics.FailSafe] returns the document that replaces the live document
// when the grid is no longer measured.
//
// Values that were not measured are omitted everywhere: there is no null, and a
// zero is a measurement. Units and signs are those of package envoy.
//
// The user documentation is docs/topics.md. The tests of this package write its
// tables from the tables here.
package schema
