package envoy

import (
	"context"
	"strings"
	"time"
)

const ensemblePath = "/ivp/ensemble/inventory"

// An Ensemble is what hangs on the gateway beside inverters and CTs.
type Ensemble struct {
	Batteries   []Battery
	Controllers []Controller
}

// A Battery is one IQ Battery (Encharge).
type Battery struct {
	Serial     string
	PartNumber string
	Firmware   string
	Reported   time.Time // by the gateway's clock
	State      string    // charging, discharging or idle; empty where that is not told

	SoC            Told[float64] // state of charge, %
	Power          Told[float64] // W, + discharging
	ApparentPower  Told[float64] // VA, signed as the power
	Temperature    Told[float64] // °C
	MaxTemperature Told[float64] // of the hottest cell, °C
	Capacity       Told[float64] // kWh
	Communicating  Told[bool]
	SwitchOff      Told[bool] // its DC switch is off
	Sleeping       Told[bool] // it may sleep

	never bool // it has not reported since the gateway started
}

// A ControllerKind is what a controller is for.
type ControllerKind string

// The controllers, in the gateway's words but for the case.
const (
	Enpower  ControllerKind = "enpower"  // the system controller, which parts house and grid
	Collar   ControllerKind = "collar"   // the same at the meter's socket
	Combiner ControllerKind = "combiner" // the controller of an IQ Combiner 6C
)

// A Controller switches between house, grid and batteries.
type Controller struct {
	Kind       ControllerKind
	Serial     string
	PartNumber string
	Firmware   string
	Reported   time.Time // by the gateway's clock

	Temperature   Told[float64] // °C
	Communicating Told[bool]
	OnGrid        Told[bool] // house and grid are connected
	GridMode      string     // such as multimode-ongrid; of a collar its grid_state
	AdminState    string     // such as ENCMN_MDE_ON_GRID
	Relay         string     // of the collar's switch, such as close
}

// Ensemble reads which batteries and controllers there are, and how they are.
// Without any there are none.
func (s *Session) Ensemble(ctx context.Context) (Ensemble, error) {
	e, err := readOptional(ctx, s, ensemblePath, parseEnsemble)
	if err != nil {
		return Ensemble{}, err
	}
	for _, b := range e.Batteries {
		s.clock.report(b.Reported)
	}
	for _, c := range e.Controllers {
		s.clock.report(c.Reported)
	}
	for i := range e.Controllers {
		e.Controllers[i] = e.Controllers[i].outdated(s.now())
	}
	s.iq = e.Batteries
	return e, nil
}

// controllerAge is how old a controller's report may be for its state to be the
// present one: controllers report when something changes, or twice a day.
const controllerAge = 24 * time.Hour

// outdated returns c without what an old report says, or one of a controller
// that the gateway does not reach.
func (c Controller) outdated(now time.Time) Controller {
	reached, told := c.Communicating.Get()
	if (reached || !told) && (c.Reported.IsZero() || isRecent(c.Reported, now, controllerAge)) {
		return c
	}
	c.Temperature, c.OnGrid = Told[float64]{}, Told[bool]{}
	c.GridMode, c.AdminState, c.Relay = "", "", ""
	return c
}

// A wireUnit is a battery or a controller. Their words differ and do not clash.
type wireUnit struct {
	SerialNum     word   `json:"serial_num"`
	PartNum       word   `json:"part_num"`
	ImgPnum       word   `json:"img_pnum_running"`
	FWVersion     word   `json:"fw_version"`
	LastRptDate   number `json:"last_rpt_date"`
	Communicating truth  `json:"communicating"`
	Temperature   number `json:"temperature"`
	AdminStateStr word   `json:"admin_state_str"`

	PercentFull  number `json:"percentFull"`
	MaxCellTemp  number `json:"maxCellTemp"`
	LEDStatus    number `json:"led_status"`
	Capacity     number `json:"encharge_capacity"`
	DCSwitchOff  truth  `json:"dc_switch_off"`
	SleepEnabled truth  `json:"sleep_enabled"`

	MainsOperState word `json:"mains_oper_state"`
	GridMode       word `json:"Enpwr_grid_mode"`
	GridState      word `json:"grid_state"`
	MIDState       word `json:"mid_state"`
}

func parseEnsemble(body []byte) (Ensemble, error) {
	type group struct {
		Type    word       `json:"type"`
		Devices []wireUnit `json:"devices"`
	}
	doc, err := decodeList(ensemblePath, body, func(g *group) bool { return g.Type != "" && g.Devices != nil })
	if err != nil {
		return Ensemble{}, err
	}
	var e Ensemble
	seen := map[string]bool{}
	for _, d := range doc {
		units, err := onlyUnderstood(ensemblePath, d.Devices, func(u *wireUnit) bool { return validPart(string(u.SerialNum)) })
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
		Reported:       u.LastRptDate.time(),
		SoC:            u.PercentFull.percent(),
		Temperature:    u.Temperature.told(1),
		MaxTemperature: u.MaxCellTemp.told(1),
		Capacity:       u.Capacity.told(1e-3),
		Communicating:  u.Communicating.Told,
		SwitchOff:      u.DCSwitchOff.Told,
		Sleeping:       u.SleepEnabled.Told,
		never:          u.LastRptDate.kind == numeric && u.LastRptDate.time().IsZero(),
	}
	switch u.LEDStatus.value { // other colours tell of other things
	case 12:
		b.State = "charging"
	case 13:
		b.State = "discharging"
	case 14:
		b.State = "idle"
	}
	return b
}

func (u *wireUnit) controller(kind ControllerKind) Controller {
	c := Controller{
		Kind:          kind,
		Serial:        string(u.SerialNum),
		PartNumber:    string(u.PartNum),
		Firmware:      string(u.ImgPnum + u.FWVersion), // one or the other
		Reported:      u.LastRptDate.time(),
		Temperature:   u.Temperature.told(1),
		Communicating: u.Communicating.Told,
		GridMode:      string(u.GridMode + u.GridState),
		AdminState:    string(u.AdminStateStr),
		Relay:         string(u.MIDState),
	}
	switch {
	case u.MainsOperState != "":
		c.OnGrid = Tell(u.MainsOperState == "closed")
	case u.GridState != "":
		c.OnGrid = Tell(strings.EqualFold(string(u.GridState), "on_grid"))
	}
	if f, ok := c.Temperature.Get(); ok && kind == Enpower {
		c.Temperature = Tell((f - 32) / 1.8) // it alone tells °F, in Europe too: 76 and 89 indoors
	}
	return c
}

// percent is a number that can be a share.
func (n number) percent() Told[float64] {
	if n.value < 0 || n.value > 100 {
		return Told[float64]{}
	}
	return n.told(1)
}
