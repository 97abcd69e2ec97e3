package bridge

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

var (
	controllerTemperature = trait[envoy.Controller]{"temperature", measuring("Temperature", "temperature", "°C", 0), number(1, func(c envoy.Controller) envoy.Told[float64] { return c.Temperature })}
	controllerReached     = trait[envoy.Controller]{"communicating", whether("Communicating", "connectivity").internal(), yes(func(c envoy.Controller) envoy.Told[bool] { return c.Communicating })}
	controllerReport      = trait[envoy.Controller]{"last_report", reported(), moment(func(c envoy.Controller) time.Time { return c.Reported })}
	controllerOnGrid      = trait[envoy.Controller]{"on_grid", whether("Grid status", ""), yes(func(c envoy.Controller) envoy.Told[bool] { return c.OnGrid })}
	controllerState       = trait[envoy.Controller]{"admin_state", saying("Admin state"), words(func(c envoy.Controller) string { return c.AdminState })}
)

// controllerFamilies are of one kind for MQTT, and of several for Home Assistant.
var controllerFamilies = map[envoy.ControllerKind]*familyOf[envoy.Controller]{
	envoy.Enpower: newFamily("controller", "Enpower ", "Enpower", []trait[envoy.Controller]{
		controllerTemperature, controllerOnGrid, controllerReached, controllerReport, controllerState.off(),
		{"grid_mode", saying("Grid mode").internal().off(), words(func(c envoy.Controller) string { return c.GridMode })},
	}),
	envoy.Collar: newFamily("controller", "Collar ", "IQ Meter Collar", []trait[envoy.Controller]{
		controllerTemperature, controllerOnGrid.named("Connected to the grid"), controllerReached, controllerReport, controllerState,
		{"grid_state", saying("Grid status"), words(func(c envoy.Controller) string { return c.GridMode })},
		{"mid_state", saying("MID state"), words(func(c envoy.Controller) string { return c.Relay })},
	}),
	envoy.Combiner: newFamily("controller", "C6 Combiner ", "C6 COMBINER CONTROLLER", []trait[envoy.Controller]{controllerReached, controllerReport}),
}

func (t trait[D]) named(name string) trait[D] { t.is.Name = name; return t }

func (t trait[D]) off() trait[D] { t.is = t.is.internal().off(); return t }

func (g *gateway) showControllers(controllers []envoy.Controller) {
	var there []report
	for _, c := range controllers {
		c.Reported = g.session.Date(c.Reported)
		there = append(there, controllerFamilies[c.Kind].report(c.Serial, c).of(c.Firmware, c.PartNumber))
	}
	g.show("controller", there, true, batteriesHold)
}
