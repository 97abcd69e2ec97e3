package consumers

import (
	"embed"
	"slices"
)

// A Consumer is a program that reads what the bridge publishes.
type Consumer struct {
	Name   string
	About  string              // what it does, and what is printed for it
	file   string              // the template of its configuration, in templates/
	escape func(string) string // for texts in its configuration
}

// All are the programs whose configuration can be printed, by name.
var All = []Consumer{
	{"astrameter", "Marstek, Hoymiles and others through an emulated CT002 or Shelly: its config.ini", "astrameter.ini", unchanged},
	{"evcc", "charges cars by the sun: meters of its evcc.yaml", "evcc.yaml", escapeJSON},
	{"freeds", "diverts surplus into a water heater: what to set on its page", "freeds.txt", unchanged},
	{"node-red", "flows to import: page, zero export, token alert", "node-red.json", escapeJSON},
	{"opendtu", "OpenDTU-OnBattery's power meter: what to set on its page", "opendtu.txt", unchanged},
	{"openhab", "a .things file", "openhab.things", escapeJSON},
	{"openwb", "openWB 2's grid meter: a bridge in Mosquitto's configuration", "openwb.conf", unchanged},
	{"telegraf", "into InfluxDB and others: a file for telegraf.d", "telegraf.toml", escapeJSON},
	{"unimeter", "emulates Shelly Pro 3EM, EcoTracker and SMA meters: its uni-meter.conf", "unimeter.conf", escapeJSON},
	{"victron", "Venus OS through dbus-mqtt-grid: its config.ini", "victron.ini", unchanged},
	{"zendure", "SolarFlow hubs through solarflow-control: parts of its config.ini", "zendure.ini", unchanged},
}

// nodeRedFiles are parts of node-red.json in languages of their own.
var nodeRedFiles = []string{"node-red/controller.js", "node-red/data.js", "node-red/house.js", "node-red/page.html", "node-red/token.js"}

//go:embed templates
var templates embed.FS

// Render returns the configuration of p for a house.
func (p Consumer) Render(s Setup) ([]byte, error) {
	s.Profile = slices.Contains(s.profiles, p.Name)
	values := s.values(p.escape)
	for _, name := range nodeRedFiles {
		content, err := templates.ReadFile("templates/" + name)
		if err != nil {
			return nil, err
		}
		values[name] = p.escape(string(content))
	}
	template, err := templates.ReadFile("templates/" + p.file)
	if err != nil {
		return nil, err
	}
	text, err := fill(string(template), values, s.conditions())
	if s.Serial == unknownSerial {
		text = unknownSerialLine + text
	}
	return []byte(text), err
}
