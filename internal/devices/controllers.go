package devices

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
)

// The fields that several types of controllers have.
var (
	controllerTemperature   = field[device.Controller]{"temperature", measurement("Temperature", "temperature", "°C", 0), numberField(1, func(c device.Controller) wire.Optional[float64] { return c.Temperature })}
	controllerCommunicating = field[device.Controller]{"communicating", diagnostic(binary("Communicating", "connectivity")), boolField(func(c device.Controller) wire.Optional[bool] { return c.Communicating })}
	controllerLastReport    = field[device.Controller]{"last_report", lastReported(), timeField(func(c device.Controller) time.Time { return c.Reported })}
	controllerOnGrid        = field[device.Controller]{"on_grid", withIcon("mdi:transmission-tower", binary("Grid status", "")), boolField(func(c device.Controller) wire.Optional[bool] { return c.OnGrid })}
	controllerAdminState    = field[device.Controller]{"admin_state", withIcon("mdi:state-machine", text("Admin state")), stringField(func(c device.Controller) string { return c.AdminState })}
)

// ControllerKind is the kind of all types of controllers.
const ControllerKind = "controller"

// Controllers are one kind on MQTT, and several in Home Assistant.
var Controllers = map[device.ControllerKind]*Type[device.Controller]{
	device.Enpower: newType(
		ControllerKind, "Enpower ", "Enpower",
		controllerTemperature, controllerOnGrid, controllerCommunicating, controllerLastReport,
		withComponent(controllerAdminState, disabled(diagnostic(controllerAdminState.component))),
		field[device.Controller]{"grid_mode", withIcon("mdi:transmission-tower", disabled(diagnostic(text("Grid mode")))), stringField(func(c device.Controller) string { return c.GridMode })},
	),
	device.Collar: newType(
		ControllerKind, "Collar ", "IQ Meter Collar",
		controllerTemperature,
		withComponent(controllerOnGrid, withIcon("mdi:transmission-tower", binary("Connected to the grid", ""))),
		controllerCommunicating, controllerLastReport, controllerAdminState,
		field[device.Controller]{"grid_state", withIcon("mdi:transmission-tower", text("Grid status")), stringField(func(c device.Controller) string { return c.GridMode })},
		field[device.Controller]{"mid_state", withIcon("mdi:electric-switch", text("MID state")), stringField(func(c device.Controller) string { return c.Relay })},
	),
	device.Combiner: newType(ControllerKind, "C6 Combiner ", "C6 COMBINER CONTROLLER", controllerCommunicating, controllerLastReport),
}

func withComponent[D any](f field[D], c hass.Component) field[D] { f.component = c; return f }
