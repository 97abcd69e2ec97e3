package filter

import (
	"math"

	"github.com/rs/zerolog"
)

// A jump is what is not an ordinary rise of a counter.
type jump struct {
	level    zerolog.Level
	text     string
	counter  string
	reported float64 // kWh
	old      counterState
	next     counterState
	others   []string // counters of the same sample to which the same has happened
}

// jumpOf returns how next, the state after r, differs from an ordinary rise of s. ok
// is false if it does not.
func (s counterState) jumpOf(r report, next counterState) (j jump, ok bool) {
	j = jump{level: zerolog.InfoLevel, reported: r.value, old: s, next: next}
	switch {
	case s.Value == 0: // the first reports
	case next.isOther && !s.isOther:
		j.level, j.text = zerolog.WarnLevel, "counter of another source is withheld until it is where the previous one was"
	case next.Wraps != s.Wraps && next.Value >= s.Value:
		j.text = "inverter registers wrapped or were corrected, the counter continues"
	case next.Value > s.Value && r.source.OfInverters() && s.mayHaveWrapped(r):
		j.text = "inverter counter is published as reported, although its registers may have wrapped or been corrected"
	case next.Value < s.Value && !r.mayFall:
		j.text = "counter was reset"
	case next.isBehind() && !s.isBehind():
		j.level, j.text = zerolog.WarnLevel, "counter fell, the previous value is held until it is reached again"
	}
	return j, j.text != ""
}

// log logs j.
func (j jump) log(log zerolog.Logger) {
	e := log.WithLevel(j.level).Str("counter", j.counter).Float64("before", rounded(j.old.Value)).Float64("reported", rounded(j.reported)).
		Float64("published", rounded(j.next.Value)).Int32("wraps", j.next.Wraps)
	if len(j.others) > 0 {
		e = e.Strs("others", j.others)
	}
	e.Msg(j.text)
}

// rounded returns kWh rounded to mWh, which no register is finer than.
func rounded(kWh float64) float64 { return math.Round(kWh*1e6) / 1e6 }

// jumps are those of a sample. A gateway's total and its phases jump together.
type jumps []jump

// add adds what has happened to a counter.
func (js *jumps) add(counter string, j jump) {
	for i := range *js {
		if (*js)[i].text == j.text {
			(*js)[i].others = append((*js)[i].others, counter)
			return
		}
	}
	j.counter = counter
	*js = append(*js, j)
}

// log logs each kind once.
func (js jumps) log(log zerolog.Logger) {
	for _, j := range js {
		j.log(log)
	}
}
