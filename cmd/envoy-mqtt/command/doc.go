// Package command is the command line of envoy-mqtt: one file for each command, and
// the wiring. It connects gateways, Enphase's cloud and the broker as configured, and
// logs.
//
// [Main] runs one command of the list in root.go. Commands are called with a console:
// the environment, the streams and the flags of the program. The files that most
// commands use, such as console.go and usage.go, refer to no command.
//
// The run command serves one configuration after the other (serve.go). Its service is
// a bridge with what reports about it: metrics, health and the page. The demo has a
// service too, between simulated ends.
package command
