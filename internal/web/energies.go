package web

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/history"
)

// energies are those of a day or a month in kWh; null if they were not measured.
type energies struct {
	Date       string `json:"date"`
	Produced   number `json:"produced"`
	Used       number `json:"used"`
	Imported   number `json:"imported"`
	Exported   number `json:"exported"`
	Charged    number `json:"charged"`
	Discharged number `json:"discharged"`
}

func newEnergies(d history.Day) energies {
	return energies{
		d.Date.String(), number(d.Produced), number(d.Used), number(d.Imported),
		number(d.Exported), number(d.Charged), number(d.Discharged),
	}
}

func (e *energies) values() []*number {
	return []*number{&e.Produced, &e.Used, &e.Imported, &e.Exported, &e.Charged, &e.Discharged}
}

// noEnergies returns the energies of a period without data.
func noEnergies(d history.Date) energies {
	e := energies{Date: d.String()}
	for _, v := range e.values() {
		*v = number(math.NaN())
	}
	return e
}

// energiesOf returns the 31 days or 13 months that end with the date of q.
func (s *Server) energiesOf(q historyQuery) []energies {
	if q.period == "days" {
		return s.days(q.gateway.Serial, q.date)
	}
	return s.months(q.gateway.Serial, q.date)
}

// days returns one element a day, also for days without data.
func (s *Server) days(serial string, last history.Date) []energies {
	first := last.AddDays(1 - daysOfPeriod)
	known := map[history.Date]history.Day{}
	for _, d := range s.History.Days(serial, first, last) {
		known[d.Date] = d
	}
	var list []energies
	for i := range daysOfPeriod {
		date := first.AddDays(i)
		if d, ok := known[date]; ok {
			list = append(list, newEnergies(d))
		} else {
			list = append(list, noEnergies(date))
		}
	}
	return list
}

// months returns one element a month, with the date of its first day.
func (s *Server) months(serial string, last history.Date) []energies {
	month := func(d history.Date, add int) history.Date {
		return history.DateOf(time.Date(d.Year, d.Month+time.Month(add), 1, 0, 0, 0, 0, time.UTC))
	}
	first := month(last, 1-monthsOf)
	list, index := make([]energies, monthsOf), map[history.Date]int{}
	for i := range list {
		date := month(first, i)
		list[i], index[date] = noEnergies(date), i
	}
	for _, d := range s.History.Days(serial, first, last) {
		i, ok := index[month(d.Date, 0)]
		if !ok {
			continue
		}
		day, sum := newEnergies(d), list[i].values()
		for k, v := range day.values() {
			switch {
			case math.IsNaN(float64(*v)):
			case math.IsNaN(float64(*sum[k])):
				*sum[k] = *v
			default:
				*sum[k] += *v
			}
		}
	}
	return list
}

func energyRows(list []energies) [][]string {
	rows := [][]string{{"date", "produced_kwh", "used_kwh", "imported_kwh", "exported_kwh", "charged_kwh", "discharged_kwh"}}
	for _, e := range list {
		row := []string{e.Date}
		for _, v := range e.values() {
			text := ""
			if !math.IsNaN(float64(*v)) {
				text = strconv.FormatFloat(float64(*v), 'f', 3, 64)
			}
			row = append(row, text)
		}
		rows = append(rows, row)
	}
	return rows
}

// An inverterDay is the response of api/inverters.
type inverterDay struct {
	Date      string          `json:"date"`
	Start     int64           `json:"start"` // of the first slot, s since 1970
	Step      int64           `json:"step"`  // s
	Slots     int             `json:"slots"`
	Known     int             `json:"known"`      // slots that have begun
	UsualDays int             `json:"usual_days"` // of seven, with which usual is computed
	Inverters []inverterPower `json:"inverters"`
	Batteries []batteryStatus `json:"batteries"`
}

type inverterPower struct {
	Serial string   `json:"serial"`
	Power  []number `json:"power"` // W; null without a report
	Usual  []number `json:"usual"` // usual ratio to the median; null if unknown
}

type batteryStatus struct {
	Serial      string  `json:"serial"`
	Level       *number `json:"level,omitempty"` // %
	Power       *number `json:"power,omitempty"` // W, + discharging
	Temperature *number `json:"temperature,omitempty"`
	Age         *number `json:"age,omitempty"` // of its report, s
}

func (s *Server) serveInverters(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	query := r.URL.Query()
	query.Set("period", "day")
	if s.History == nil { // batteries are known without it
		g, ok := s.find(query.Get("gateway"))
		if !ok {
			writeError(w, http.StatusNotFound, "no such gateway")
			return
		}
		writeCompressed(w, r, inverterDay{Inverters: []inverterPower{}, Batteries: g.batteryStatuses(now)})
		return
	}
	q, ok := s.parseHistory(w, query, now)
	if !ok {
		return
	}
	d := s.History.Inverters(q.gateway.Serial, q.date)
	doc := inverterDay{
		Date: q.date.String(), Start: d.Start.Unix(), Step: int64(d.Step / time.Second), Slots: d.Slots, Known: d.Known,
		UsualDays: d.UsualDays, Inverters: []inverterPower{}, Batteries: q.gateway.batteryStatuses(now),
	}
	for _, i := range d.Inverters {
		p := inverterPower{Serial: i.Serial}
		for _, w := range i.Power {
			p.Power = append(p.Power, number(math.Round(float64(w))))
		}
		for _, u := range i.Usual {
			p.Usual = append(p.Usual, number(u))
		}
		doc.Inverters = append(doc.Inverters, p)
	}
	writeCompressed(w, r, doc)
}

func (g *gateway) batteryStatuses(now time.Time) []batteryStatus {
	list := []batteryStatus{}
	for _, b := range g.batteries {
		s := batteryStatus{Serial: b.Serial}
		if v, ok := b.SoC.Get(); ok {
			s.Level = new(number(v))
		}
		if v, ok := b.Power.Get(); ok {
			s.Power = new(number(v))
		}
		if v, ok := b.Temperature.Get(); ok {
			s.Temperature = new(number(v))
		}
		if !b.Reported.IsZero() {
			s.Age = new(seconds(max(0, now.Sub(b.Reported))))
		}
		list = append(list, s)
	}
	return list
}
