// The envoy-mqtt command publishes what Enphase gateways measure to MQTT. Its commands
// are in the package command.
//
// Some gateways' certificates have a negative serial number, which Go rejects
// without the directive below.
//
//go:debug x509negativeserial=1
package main

import (
	"os"

	"github.com/envoy-mqtt/envoy-mqtt/cmd/envoy-mqtt/command"
)

// version is set by the linker for releases.
var version = ""

func main() { os.Exit(command.Main(version)) }
