package device

import (
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
	"github.com/envoy-mqtt/envoy-mqtt/internal/serialnumber"
)

// InventoryPath has the batteries and controllers.
const InventoryPath = "/ivp/ensemble/inventory"

// An Ensemble has the devices behind the gateway other than inverters and CTs.
type Ensemble struct {
	Batteries   []Battery
	Controllers []Controller
}

// A wireUnit is a battery or a controller. Their words differ and do not clash.
type wireUnit struct {
	SerialNum     wire.String `json:"serial_num"`
	PartNum       wire.String `json:"part_num"`
	ImgPnum       wire.String `json:"img_pnum_running"`
	FWVersion     wire.String `json:"fw_version"`
	LastRptDate   wire.Number `json:"last_rpt_date"`
	Communicating wire.Bool   `json:"communicating"`
	Temperature   wire.Number `json:"temperature"`
	AdminStateStr wire.String `json:"admin_state_str"`

	PercentFull wire.Number `json:"percentFull"`
	MaxCellTemp wire.Number `json:"maxCellTemp"`
	LEDStatus   wire.Number `json:"led_status"`
	Capacity    wire.Number `json:"encharge_capacity"`
	DCSwitchOff wire.Bool   `json:"dc_switch_off"`

	MainsOperState wire.String `json:"mains_oper_state"`
	GridMode       wire.String `json:"Enpwr_grid_mode"`
	GridState      wire.String `json:"grid_state"`
	MIDState       wire.String `json:"mid_state"`
}

// ParseInventory reads the body of [InventoryPath].
func ParseInventory(body []byte) (Ensemble, error) {
	type group struct {
		Type    wire.String `json:"type"`
		Devices []wireUnit  `json:"devices"`
	}
	doc, err := wire.DecodeList(InventoryPath, body, func(g *group) bool { return g.Type != "" && g.Devices != nil })
	if err != nil {
		return Ensemble{}, err
	}
	var e Ensemble
	seen := map[string]bool{}
	for _, d := range doc {
		units, err := wire.Understood(InventoryPath, d.Devices, func(u *wireUnit) bool { return serialnumber.IsDevice(string(u.SerialNum)) })
		if err != nil {
			return Ensemble{}, err
		}
		for i := range units {
			u := &units[i]
			if seen[string(u.SerialNum)] {
				continue
			}
			seen[string(u.SerialNum)] = true
			switch d.Type {
			case "ENCHARGE":
				e.Batteries = append(e.Batteries, u.battery())
			case "ENPOWER":
				e.Controllers = append(e.Controllers, u.controller(Enpower))
			case "COLLAR":
				e.Controllers = append(e.Controllers, u.controller(Collar))
			case "C6 COMBINER CONTROLLER":
				e.Controllers = append(e.Controllers, u.controller(Combiner))
			}
		}
	}
	return e, nil
}

func (u *wireUnit) battery() Battery {
	b := Battery{
		Serial:         string(u.SerialNum),
		PartNumber:     string(u.PartNum),
		Firmware:       string(u.ImgPnum),
		Reported:       u.LastRptDate.Time(),
		SoC:            u.PercentFull.Percent(),
		Temperature:    celsius(u.Temperature),
		MaxTemperature: celsius(u.MaxCellTemp),
		Capacity:       energy(u.Capacity),
		Communicating:  u.Communicating.Optional,
		SwitchOff:      u.DCSwitchOff.Optional,
		never:          u.LastRptDate.Kind == wire.Numeric && u.LastRptDate.Time().IsZero(),
	}
	switch u.LEDStatus.Value { // others mean other things, such as sleep
	case 12:
		b.State = "charging"
	case 13:
		b.State = "discharging"
	case 14, 15, 16, 17: // from green, full, to blue, empty
		b.State = "idle"
	}
	return b
}

// The admin states of a collar that say whether house and grid are connected. Its
// grid_state does not follow the connection.
const (
	collarOnGrid  = "ENCMN_MDE_ON_GRID"
	collarOffGrid = "ENCMN_MDE_OFF_GRID"
)

func (u *wireUnit) controller(kind ControllerKind) Controller {
	c := Controller{
		Kind:          kind,
		Serial:        string(u.SerialNum),
		PartNumber:    string(u.PartNum),
		Firmware:      string(u.ImgPnum + u.FWVersion), // one or the other
		Reported:      u.LastRptDate.Time(),
		Temperature:   celsius(u.Temperature),
		Communicating: u.Communicating.Optional,
		GridMode:      string(u.GridMode + u.GridState),
		AdminState:    string(u.AdminStateStr),
		Relay:         string(u.MIDState),
	}
	switch {
	case u.MainsOperState != "":
		c.OnGrid = wire.Some(u.MainsOperState == "closed")
	case u.AdminStateStr == collarOnGrid, u.AdminStateStr == collarOffGrid:
		c.OnGrid = wire.Some(u.AdminStateStr == collarOnGrid)
	}
	if f, ok := c.Temperature.Get(); ok && kind == Enpower {
		c.Temperature = wire.Some((f - 32) / 1.8) // it alone reports °F, in Europe too: 76 and 89 indoors
	}
	return c
}
