package history

import "time"

// A Series is a quantity of which the power or level over time is kept.
type Series int

// The series. Powers are in W.
const (
	Solar     Series = iota // + producing
	Use                     // of the house, without the charging of batteries
	Grid                    // + importing, - exporting
	Battery                 // + discharging, - charging
	Level                   // of the batteries together, %
	NumSeries               // how many there are
)

// A Plot is the series of a period in equal steps. Point i of each series covers
// the time from Start + i·Step on.
type Plot struct {
	Start  time.Time
	End    time.Time     // exclusive; of a day with 23 or 25 hours the right one
	Step   time.Duration // a multiple of 10 s
	Series [NumSeries][]Point
}

// A Point is the measurements of one step; all three are NaN if there are none.
type Point struct {
	Min, Mean, Max float32
}

// A Day is the energies of a local day in kWh. Values that were not measured are
// NaN.
type Day struct {
	Date       Date
	Produced   float64
	Used       float64
	Imported   float64
	Exported   float64
	Charged    float64
	Discharged float64
	Peak       float64 // highest power of any series except Level, W
}

// An InverterDay is the reports of the inverters during a day in equal slots.
type InverterDay struct {
	Start     time.Time // of the first slot
	Step      time.Duration
	Slots     int // of the whole day
	Known     int // slots that have begun; the later ones are in the future
	UsualDays int // of the last seven days, how many Usual is made of
	Inverters []InverterPower
}

// An InverterPower is the reports of one inverter during a day.
type InverterPower struct {
	Serial string
	Power  []float32 // mean of each slot that has begun, W; NaN without a report
	// Usual is the usual ratio to the median of all inverters at the same time of
	// day, over the last seven days; NaN if it is unknown.
	Usual []float32
}
