package setup

import "cmp"

// systemPath is where the systemd service reads its configuration.
const systemPath = "/etc/envoy-mqtt/config.ini"

// A NextStep is what to do after the installation.
type NextStep struct{ Name, Text string }

// NextSteps returns what to do after the file was written.
func (d *Draft) NextSteps() []NextStep {
	start := "sudo systemctl restart envoy-mqtt"
	if d.Path != systemPath {
		start = "envoy-mqtt" + d.configFlag()
	}
	return []NextStep{
		{"start", start},
		{"watch", "envoy-mqtt watch" + d.configFlag() + " (in another terminal)"},
		{"Home Assistant", "Settings, Devices & services, MQTT: " +
			"the devices Envoy " + cmp.Or(d.Serial, "<serial number>") + " and Envoy MQTT bridge appear by themselves once it runs."},
		{"other programs", "envoy-mqtt consumers" + d.configFlag()},
	}
}

// CheckCommand returns the command that tries what was not verified.
func (d *Draft) CheckCommand() string { return "envoy-mqtt check" + d.configFlag() }

// configFlag returns the flag of commands that read the file, empty if they find it.
func (d *Draft) configFlag() string {
	if d.isNamed && d.Path != systemPath {
		return " --config " + d.Path
	}
	return ""
}
