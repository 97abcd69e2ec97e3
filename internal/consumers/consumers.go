package consumers

import (
	"bytes"
	"embed"
	"encoding/json"
	"slices"
	"strings"
	"text/template"
	"time"
)

// A Consumer is a program that reads what the bridge publishes.
type Consumer struct {
	Name  string
	About string // what it does, and what is printed for it
	file  string // the template of its configuration, in templates/
}

// All are the programs whose configuration can be printed, by name.
var All = []Consumer{
	{"astrameter", "Marstek, Hoymiles and others through an emulated CT002 or Shelly: its config.ini", "astrameter.ini"},
	{"evcc", "charges cars by the sun: meters of its evcc.yaml", "evcc.yaml"},
	{"freeds", "diverts surplus into a water heater: what to set on its page", "freeds.txt"},
	{"node-red", "flows to import: page, zero export, token alert", "node-red.json"},
	{"opendtu", "OpenDTU-OnBattery's power meter: what to set on its page", "opendtu.txt"},
	{"openhab", "a .things file", "openhab.things"},
	{"openwb", "openWB 2's grid meter: a bridge in Mosquitto's configuration", "openwb.conf"},
	{"telegraf", "into InfluxDB and others: a file for telegraf.d", "telegraf.toml"},
	{"unimeter", "emulates Shelly Pro 3EM, EcoTracker and SMA meters: its uni-meter.conf", "unimeter.conf"},
	{"victron", "Venus OS through dbus-mqtt-grid: its config.ini", "victron.ini"},
	{"zendure", "SolarFlow hubs through solarflow-control: parts of its config.ini", "zendure.ini"},
}

//go:embed templates
var templates embed.FS

// Render returns the configuration of p for a house.
func (p Consumer) Render(s Setup) ([]byte, error) {
	s.Profile = slices.Contains(s.profiles, p.Name)
	read := func(name string) (string, error) {
		data, err := templates.ReadFile("templates/" + name)
		return string(data), err
	}
	text, err := read(p.file)
	if err != nil {
		return nil, err
	}
	t, err := template.New(p.Name).Funcs(template.FuncMap{
		"q":       quoted,
		"file":    func(name string) (string, error) { text, err := read(name); return quoted(text), err },
		"seconds": func(d time.Duration) int { return int((d + time.Second - 1) / time.Second) },
	}).Parse(text)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if s.Serial == unknownSerial {
		out.WriteString(unknownSerialLine)
	}
	err = t.Execute(&out, s)
	return out.Bytes(), err
}

// quoted writes text as JSON, YAML, TOML and HOCON have it.
func quoted(text string) string {
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		panic(err) // a string
	}
	return strings.TrimSpace(out.String())
}
