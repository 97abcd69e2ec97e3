package web

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/history"
)

const (
	minPoints     = 24
	maxPoints     = 8640 // a day at 10 s
	defaultPoints = 1440
	daysOfPeriod  = 31
	monthsOf      = 13
)

// A historyAPI serves the past.
type historyAPI struct {
	*store
	past History // nil: nothing is kept
}

// A historyQuery is what was asked of api/history or api/inverters.
type historyQuery struct {
	gateway gateway
	period  string // day, days or months
	date    history.Date
	isToday bool
	points  int
	isCSV   bool
}

// parseHistory parses a query. If it is wrong it writes the response and returns
// false.
func (a historyAPI) parseHistory(w http.ResponseWriter, query url.Values, now time.Time) (historyQuery, bool) {
	q := historyQuery{period: cmp.Or(query.Get("period"), "day"), date: history.DateOf(now), points: defaultPoints}
	var known bool
	q.gateway, known = a.find(query.Get("gateway"))
	var err error
	if text := query.Get("date"); text != "" {
		q.date, err = history.ParseDate(text)
	}
	if text := query.Get("points"); text != "" && err == nil {
		q.points, err = strconv.Atoi(text)
		if err != nil || q.points < minPoints || q.points > maxPoints {
			err = fmt.Errorf("points: want %d to %d", minPoints, maxPoints)
		}
	}
	if q.period != "day" && q.period != "days" && q.period != "months" {
		err = cmp.Or(err, errors.New("period: want day, days or months"))
	}
	format := query.Get("format")
	if format != "" && format != "json" && format != "csv" {
		err = cmp.Or(err, errors.New("format: want json or csv"))
	}
	q.isCSV, q.isToday = format == "csv", q.date == history.DateOf(now)
	switch {
	case err != nil:
		writeError(w, http.StatusBadRequest, err.Error())
	case !known:
		writeError(w, http.StatusNotFound, "no such gateway")
	case a.past == nil:
		writeError(w, http.StatusNotFound, "no history is kept")
	default:
		return q, true
	}
	return q, false
}

func (a historyAPI) serveHistory(w http.ResponseWriter, r *http.Request) {
	now, query := time.Now(), r.URL.Query()
	a = a.of(query)
	q, ok := a.parseHistory(w, query, now)
	if !ok {
		return
	}
	if q.period == "day" {
		d := a.dayPlot(q, now)
		if q.isCSV {
			writeCSV(w, r, "envoy-"+q.date.String()+".csv", d.rows())
		} else {
			writeCompressed(w, r, d)
		}
		return
	}
	list := a.energiesOf(q)
	if q.isCSV {
		writeCSV(w, r, "envoy-"+q.period+".csv", energyRows(list))
	} else {
		writeCompressed(w, r, struct {
			Days []energies `json:"days"` // of period months the first days of the months
		}{list})
	}
}

func writeCompressed(w http.ResponseWriter, r *http.Request, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	body := compressed(w, r)
	_ = json.NewEncoder(body).Encode(v) // an error means that the client has disconnected
	_ = body.Close()
}

func writeCSV(w http.ResponseWriter, r *http.Request, name string, rows [][]string) {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	w.Header().Set("Cache-Control", "no-store")
	body := compressed(w, r)
	_ = csv.NewWriter(body).WriteAll(rows)
	_ = body.Close()
}

// A dayPlot is the powers of a day.
type dayPlot struct {
	Date     string    `json:"date"`
	Start    int64     `json:"start"`         // s since 1970
	End      int64     `json:"end"`           // likewise, exclusive
	Step     int64     `json:"step"`          // s; not 0 if nothing was measured
	Now      int64     `json:"now,omitempty"` // s since 1970 if the day is today
	Light    []int64   `json:"light"`         // first and last production, s since 1970; null if unknown
	Solar    []number  `json:"solar"`         // W, mean of each step; null if never measured
	House    []number  `json:"house"`         // W
	Grid     []number  `json:"grid"`          // W, + importing
	Battery  []number  `json:"battery"`       // W, + discharging
	Level    []number  `json:"level"`         // %
	Energies *energies `json:"energies"`      // null if unknown
}

// dayPlot returns the powers of a day.
func (a historyAPI) dayPlot(q historyQuery, now time.Time) dayPlot {
	serial, start, end := q.gateway.Serial, q.date.Start(now.Location()), q.date.AddDays(1).Start(now.Location())
	p := a.past.Power(serial, start, end, q.points)
	d := dayPlot{
		Date: q.date.String(), Start: start.Unix(), End: end.Unix(), Step: cmp.Or(int64(p.Step/time.Second), (end.Unix()-start.Unix())/int64(q.points)),
		Solar: means(p.Series[history.Solar]), House: means(p.Series[history.Use]), Grid: means(p.Series[history.Grid]),
		Battery: means(p.Series[history.Battery]), Level: means(p.Series[history.Level]),
	}
	d.Light = light(p)
	if q.isToday {
		d.Now = now.Unix()
		d.Light = a.lightOfToday(serial, q.date, now, d.Light)
	}
	for _, e := range a.past.Days(serial, q.date, q.date) {
		d.Energies = new(newEnergies(e))
	}
	return d
}

func means(points []history.Point) []number {
	if points == nil {
		return nil
	}
	list := make([]number, len(points))
	for i, p := range points {
		list[i] = number(math.Round(float64(p.Mean)))
	}
	return list
}

// light returns when the first and the last power was produced, or nil.
func light(p history.Plot) []int64 {
	first, last := -1, -1
	for i, s := range p.Series[history.Solar] {
		if s.Mean > 5 {
			last = i
			if first < 0 {
				first = i
			}
		}
	}
	if first < 0 {
		return nil
	}
	at := func(i int) int64 { return p.Start.Add(time.Duration(i) * p.Step).Unix() }
	return []int64{at(first), at(last + 1)}
}

// lightOfToday returns the light of a day that has not ended: what is missing is
// that of the day before.
func (a historyAPI) lightOfToday(serial string, date history.Date, now time.Time, known []int64) []int64 {
	from, to := date.AddDays(-1).Start(now.Location()), date.Start(now.Location())
	before := light(a.past.Power(serial, from, to, 24*6))
	if before == nil {
		return known
	}
	shift := int64(to.Sub(from) / time.Second)
	before[0], before[1] = before[0]+shift, before[1]+shift
	if known == nil {
		return before
	}
	return []int64{known[0], max(known[1], before[1])}
}

// rows returns the plot as CSV.
func (d *dayPlot) rows() [][]string {
	columns := [][]number{d.Solar, d.House, d.Grid, d.Battery, d.Level}
	rows := [][]string{{"time", "solar_w", "house_w", "grid_w", "battery_w", "battery_percent"}}
	for i := range int((d.End - d.Start) / max(d.Step, 1)) {
		row := []string{time.Unix(d.Start+int64(i)*d.Step, 0).UTC().Format(time.RFC3339)}
		empty := true
		for _, c := range columns {
			text := ""
			if i < len(c) && !math.IsNaN(float64(c[i])) {
				text, empty = strconv.FormatFloat(float64(c[i]), 'f', -1, 64), false
			}
			row = append(row, text)
		}
		if !empty {
			rows = append(rows, row)
		}
	}
	return rows
}
