package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/history"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web/respond"
)

const (
	minPoints     = 24
	maxPoints     = 8640 // a day at 10 s
	defaultPoints = 1440
)

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

// parseQuery parses a query. If it is wrong it writes the response and returns false.
func (s *Server) parseQuery(w http.ResponseWriter, query url.Values, now time.Time) (historyQuery, bool) {
	q := historyQuery{period: cmp.Or(query.Get("period"), "day"), date: history.DateOf(now), points: defaultPoints}
	var known bool
	q.gateway, known = s.find(query.Get("gateway"))
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
		respond.Error(w, http.StatusBadRequest, err.Error())
	case !known:
		respond.Error(w, http.StatusNotFound, "no such gateway")
	default:
		return q, true
	}
	return q, false
}

func (s *Server) serveHistory(w http.ResponseWriter, r *http.Request) {
	now, query := time.Now(), r.URL.Query()
	isSum := query.Get("gateway") == allGateways
	if isSum {
		query.Del("gateway")
	}
	q, ok := s.parseQuery(w, query, now)
	if !ok {
		return
	}
	p := past{s.History, []string{q.gateway.Serial}, isSum}
	if isSum {
		p.gateways = s.serials()
	}
	if q.period == "day" {
		d := p.dayPlot(q, now)
		if q.isCSV {
			respond.CompressedCSV(w, r, "envoy-"+d.Date+".csv", d.rows())
		} else {
			respond.CompressedJSON(w, r, d)
		}
		return
	}
	list := p.lastDays
	if q.period == "months" {
		list = p.lastMonths
	}
	if q.isCSV {
		respond.CompressedCSV(w, r, "envoy-"+q.period+".csv", energyRows(list(q.date)))
	} else {
		respond.CompressedJSON(w, r, struct {
			Days []datedEnergies `json:"days"` // of period months the first days of the months
		}{list(q.date)})
	}
}
