// Package sunspectest simulates a device that serves SunSpec models over Modbus TCP,
// and everything that goes wrong with it. It does not import the package that it
// serves to test: the model 701 is written here a second time, point by point.
package sunspectest

import "fmt"

// A Model is a model of a device: its id, and the registers after its length.
type Model struct {
	ID        uint16
	Registers []uint16
}

// Values are raw values of points, by the names of the model. Points without a value
// are not implemented.
type Values map[string]int64

// A point is a point of the model 701: its name and its registers. An int16 or scale
// factor is signed.
type point struct {
	name   string
	words  int
	signed bool
}

// points are those of the model 701 in the order of its definition in
// github.com/sunspec/models.
func points() []point {
	ps := []point{
		{"ACType", 1, false},
		{"St", 1, false},
		{"InvSt", 1, false},
		{"ConnSt", 1, false},
		{"Alrm", 2, false},
		{"DERMode", 2, false},
		{"W", 1, true},
		{"VA", 1, true},
		{"Var", 1, true},
		{"PF", 1, true},
		{"A", 1, true},
		{"LLV", 1, false},
		{"LNV", 1, false},
		{"Hz", 2, false},
		{"TotWhInj", 4, false},
		{"TotWhAbs", 4, false},
		{"TotVarhInj", 4, false},
		{"TotVarhAbs", 4, false},
		{"TmpAmb", 1, true},
		{"TmpCab", 1, true},
		{"TmpSnk", 1, true},
		{"TmpTrns", 1, true},
		{"TmpSw", 1, true},
		{"TmpOt", 1, true},
	}
	for i, between := range []string{"VL1L2", "VL2L3", "VL3L1"} {
		for _, p := range []point{{"W", 1, true}, {"VA", 1, true}, {"Var", 1, true}, {"PF", 1, true}, {"A", 1, true}} {
			ps = append(ps, point{fmt.Sprintf("%sL%d", p.name, i+1), p.words, p.signed})
		}
		ps = append(ps, point{between, 1, false}, point{fmt.Sprintf("VL%d", i+1), 1, false})
		for _, name := range []string{"TotWhInj", "TotWhAbs", "TotVarhInj", "TotVarhAbs"} {
			ps = append(ps, point{fmt.Sprintf("%sL%d", name, i+1), 4, false})
		}
	}
	ps = append(ps, point{"ThrotPct", 1, false}, point{"ThrotSrc", 2, false})
	for _, name := range []string{"A", "V", "Hz", "W", "PF", "VA", "Var", "TotWh", "TotVarh", "Tmp"} {
		ps = append(ps, point{name + "_SF", 1, true})
	}
	return append(ps, point{"MnAlrmInfo", 32, false})
}

// AC returns a model 701 with values. It panics at a name that the model does not have.
func AC(values Values) Model {
	m := Model{ID: 701}
	used := 0
	for _, p := range points() {
		v, ok := values[p.name]
		if ok {
			used++
		}
		for i := range p.words {
			r := uint16(0xFFFF) // not implemented
			if p.signed {
				r = 0x8000
			}
			if ok {
				r = uint16(v >> (16 * (p.words - 1 - i)))
			}
			m.Registers = append(m.Registers, r)
		}
	}
	if used < len(values) {
		panic(fmt.Sprintf("sunspectest: the model 701 does not have all of %v", values))
	}
	return m
}

// Common returns a model 1, as the first of every chain.
func Common() Model { return Model{ID: 1, Registers: make([]uint16, 66)} }

// ThreePhases are the values of a device with three phases that generates 4321 W.
func ThreePhases() Values {
	return Values{
		"ACType": 2, "W": 4321, "VA": 4400, "Var": -310, "PF": 982, "A": 1911, "LLV": 4003, "LNV": 2311, "Hz": 49987,
		"TotWhInj": 12_345_678, "TotWhAbs": 4_321,
		"WL1": 1440, "VAL1": 1466, "VarL1": -103, "PFL1": 982, "AL1": 634, "VL1": 2312, "TotWhInjL1": 4_115_226, "TotWhAbsL1": 1_441,
		"WL2": 1441, "VAL2": 1467, "VarL2": -104, "PFL2": 982, "AL2": 636, "VL2": 2307, "TotWhInjL2": 4_115_226, "TotWhAbsL2": 1_440,
		"WL3": 1440, "VAL3": 1467, "VarL3": -103, "PFL3": 981, "AL3": 641, "VL3": 2314, "TotWhInjL3": 4_115_226, "TotWhAbsL3": 1_440,
		"A_SF": -2, "V_SF": -1, "Hz_SF": -3, "W_SF": 0, "PF_SF": -3, "VA_SF": 0, "Var_SF": 0, "TotWh_SF": 0,
	}
}

// OnePhase are the values of a device with one phase that generates 1500 W, and that
// does not implement the other two.
func OnePhase() Values {
	return Values{
		"ACType": 0, "W": 150, "VA": 152, "PF": 99, "A": 65, "LNV": 2301, "Hz": 5001, "TotWhInj": 987_654,
		"WL1": 150, "VAL1": 152, "PFL1": 99, "AL1": 65, "VL1": 2301, "TotWhInjL1": 987_654,
		"A_SF": -1, "V_SF": -1, "Hz_SF": -2, "W_SF": 1, "PF_SF": -2, "VA_SF": 1, "TotWh_SF": 1,
	}
}
