// Package envoy reads an Enphase IQ Gateway ("Envoy") over its local HTTP API.
//
// A [Client] has the address and the credentials of one gateway. [Client.Open]
// reads which gateway answers, and [Session.Sample] returns everything that it
// measures at one moment:
//
//	client := &envoy.Client{Host: "envoy.local", Tokens: auth.StaticToken(token)}
//	session, err := client.Open(ctx)
//	sample, err := session.Sample(ctx)
//	grid, ok := sample.Meter(envoy.NetConsumption)
//	watts, ok := grid.Total.Get(envoy.Power) // positive is import
//
// A value that was not measured is absent, and a doubtful answer is an error,
// because batteries are steered by these numbers. After a [*SkippedError] the next
// sample may be good; after [ErrReopen] another session must be opened. [FailureOf]
// returns the kind of any error.
//
// Samples come from one [Source]: /production.json, the meters' readings, the live
// data or Modbus TCP. With [AutoSource] a session selects the readings, which are fast, as
// soon as they agree with /production.json.
//
// # Words
//
//   - A CT is a current transformer. A [Meter] has the values of one CT, or what
//     follows from several: of the whole connection and of each phase, a [Channel]
//     each.
//   - A [Measurement] is where a meter measures, and with which sign; a [Quantity] is
//     what it measures, and in which unit.
//   - The readings are the response of /ivp/meters/readings, the source [FromMeters].
//     A reading, the type, is the parsed response of any endpoint with meters.
//   - A [Register] is where a lifetime energy comes from. The registers of one meter
//     differ, so that a published energy must not change its register.
//
// # Structure
//
// From top to bottom; nothing refers upwards:
//
//   - [Client] and [Session] connect the parts below.
//   - selection decides which source samples come from, and when that changes.
//   - productionSource, readingsSource and livedataSource make a sample of the
//     endpoint of each source, with what sourceBase has for all of them;
//     sunspecSource makes one of Modbus registers, which package sunspec reads; pvChooser
//     decides where production comes from, meterSetup reads how the CTs are set up.
//   - derive and correction compute what follows from several meters, compare makes a
//     sample of two sources.
//   - reading is the parsed answer of an endpoint with meters, layout what answers
//     have contained so far, memory what one session leaves to the next.
//   - gateway is what all of these have in common.
//   - Package auth sends requests with tokens and sessions, locate finds the gateway,
//     clock estimates its time, device reads the endpoints of the devices behind it,
//     wire decodes JSON, and transport is the HTTP connection. Package powerlimit is
//     above this one.
package envoy
