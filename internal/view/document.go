package view

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// A Document is what a person is shown of a live document. A meter that the
// document does not contain is nil.
type Document struct {
	Time        time.Time `json:"ts"`
	FailSafe    bool      `json:"failsafe"` // the grid's power is FAILSAFE, not a measurement
	Grid        *Meter    `json:"grid"`
	Production  *Meter    `json:"production"`
	Consumption *Meter    `json:"consumption"`
	Storage     *Meter    `json:"storage"`
	House       *Meter    `json:"house"`
}

// A Meter is a meter of a live document, or one of its phases. A value that
// was not measured is nil.
type Meter struct {
	Power            *float64 `json:"power"`             // W
	Current          *float64 `json:"current"`           // A
	Energy           *float64 `json:"energy"`            // lifetime, kWh; also below
	EnergyImport     *float64 `json:"energy_import"`     //
	EnergyExport     *float64 `json:"energy_export"`     //
	EnergyCharged    *float64 `json:"energy_charged"`    //
	EnergyDischarged *float64 `json:"energy_discharged"` //
	L1               *Meter   `json:"l1"`
	L2               *Meter   `json:"l2"`
	L3               *Meter   `json:"l3"`
}

// Parse reads a live document.
func Parse(doc []byte) (*Document, error) {
	var live Document
	if err := json.Unmarshal(doc, &live); err != nil {
		return nil, fmt.Errorf("read the live document: %w", err)
	}
	return &live, nil
}

// liveMeters are the meters in the order that a person is shown, with the words
// for the sign of their power.
var liveMeters = []struct {
	name                     string
	of                       func(*Document) *Meter
	positive, negative, zero string
}{
	{"Grid", func(d *Document) *Meter { return d.Grid }, "importing", "exporting", "balanced"},
	{"Solar", func(d *Document) *Meter { return d.Production }, "producing", "standby", "idle"},
	{"Battery", func(d *Document) *Meter { return d.Storage }, "discharging", "charging", "idle"},
	{"House", func(d *Document) *Meter { return d.House }, "using", "returning", "idle"},
	{"Consumption", consumption, "using", "returning", "idle"},
}

// consumption returns the consumption of d, which includes charging of the
// batteries, unless that of the house alone is known.
func consumption(d *Document) *Meter {
	if d.House != nil {
		return nil
	}
	return d.Consumption
}

// liveEnergies are the counters in the order that a person is shown.
var liveEnergies = []struct {
	name  string
	meter func(*Document) *Meter
	of    func(*Meter) *float64
}{
	{"Imported", func(d *Document) *Meter { return d.Grid }, func(m *Meter) *float64 { return m.EnergyImport }},
	{"Exported", func(d *Document) *Meter { return d.Grid }, func(m *Meter) *float64 { return m.EnergyExport }},
	{"Produced", func(d *Document) *Meter { return d.Production }, func(m *Meter) *float64 { return m.Energy }},
	{"Consumed", func(d *Document) *Meter { return d.Consumption }, func(m *Meter) *float64 { return m.Energy }},
	{"Charged", func(d *Document) *Meter { return d.Storage }, func(m *Meter) *float64 { return m.EnergyCharged }},
	{"Discharged", func(d *Document) *Meter { return d.Storage }, func(m *Meter) *float64 { return m.EnergyDischarged }},
}

func (m *Meter) phases() []*Meter {
	switch {
	case m == nil || m.L1 == nil && m.L2 == nil && m.L3 == nil:
		return nil
	case m.L3 != nil:
		return []*Meter{m.L1, m.L2, m.L3}
	}
	return []*Meter{m.L1, m.L2}
}

// directed returns the magnitude of a power in whole watts and the word for its
// direction.
func directed(watts float64, positive, negative, zero string) (magnitude, word string) {
	w := math.Round(watts)
	magnitude, word = strconv.FormatFloat(math.Abs(w), 'f', 0, 64), zero
	switch {
	case w > 0:
		word = positive
	case w < 0:
		word = negative
	}
	return magnitude, word
}

// Summary returns the powers of d in one sentence, such as "grid 300 W exporting,
// solar 1200 W producing".
func (d *Document) Summary() string {
	var powers []string
	for _, row := range liveMeters {
		if m := row.of(d); m != nil && m.Power != nil {
			w, word := directed(*m.Power, row.positive, row.negative, row.zero)
			powers = append(powers, row.name+" "+w+" W "+word)
		}
	}
	return strings.Join(powers, ", ")
}
