// Package mqtt is an MQTT 5 client, on top of paho, that keeps one connection to a
// broker and reconnects.
//
// [Connect] returns a [Client] at once. The client connects in the background
// and reconnects when the connection ends, with an increasing delay. The
// functions in [Config] report each connection, its end, each failed attempt
// and each message received. [Probe] tests a configuration.
//
// The package is made for programs that publish telemetry:
//
//   - A message never outlives its connection. If the connection ends before the
//     broker has acknowledged a message, [Client.Publish] reports an error and the
//     message is not sent again: the publisher has a newer one by then.
//   - [Client.Publish] does not wait for acknowledgements, so that a broker that
//     acknowledges late does not delay other messages.
//   - [Client.Batch] writes many small messages with one system call.
//   - [Client.Barrier] reports when the broker has processed everything sent so
//     far. It also detects a broker that no longer responds, within [PingTimeout].
//   - Errors name the cause and what to do about it: a wrong port, MQTT 3.1.1,
//     an unknown certificate authority, a reason code. They contain neither user
//     name nor password.
package mqtt
