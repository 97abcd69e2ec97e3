package web

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
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
	isRange bool // with minimum and maximum
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
	switch query.Get("range") {
	case "", "false":
	case "true":
		q.isRange = true
	default:
		err = cmp.Or(err, errors.New("range: want true or false"))
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
