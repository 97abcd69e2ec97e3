// Package connection is the bridge's connection to the MQTT broker.
//
// A [Broker] sends what is in the outbox. Beside that, it subscribes to Home
// Assistant's messages and to discovery documents, and removes topics of previous
// runs. Each of these tasks is abandoned for an hour if connections end because of it:
// live documents come first.
package connection
