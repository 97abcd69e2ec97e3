// Package command is the command line of envoy-mqtt: one file for each command, and
// the wiring. It connects gateways, Enphase's cloud and the broker as configured, and
// logs.
//
// root.go lists the commands. They are functions of a console (console.go): the
// variables, streams and flags with which the program was called. serve.go is what the
// run command does.
package command
