package web

import (
	"cmp"
	"errors"
	"fmt"
	"math"
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
	Serial string           `json:"serial"`
	Power  []respond.Number `json:"power"` // W; null without a report
	Usual  []respond.Number `json:"usual"` // usual ratio to the median; null if unknown
}

type batteryStatus struct {
	Serial      string          `json:"serial"`
	Level       *respond.Number `json:"level,omitempty"` // %
	Power       *respond.Number `json:"power,omitempty"` // W, + discharging
	Temperature *respond.Number `json:"temperature,omitempty"`
	Age         *respond.Number `json:"age,omitempty"` // of its report, s
}

func (s *Server) serveInverters(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	query := r.URL.Query()
	query.Set("period", "day")
	q, ok := s.parseQuery(w, query, now)
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
			p.Power = append(p.Power, respond.Number(math.Round(float64(w))))
		}
		for _, u := range i.Usual {
			p.Usual = append(p.Usual, respond.Number(u))
		}
		doc.Inverters = append(doc.Inverters, p)
	}
	respond.CompressedJSON(w, r, doc)
}

func (g *gateway) batteryStatuses(now time.Time) []batteryStatus {
	list := []batteryStatus{}
	for _, b := range g.batteries {
		s := batteryStatus{
			Serial: b.Serial, Level: respond.Optional(b.SoC.Get()), Power: respond.Optional(b.Power.Get()),
			Temperature: respond.Optional(b.Temperature.Get()),
		}
		if !b.Reported.IsZero() {
			s.Age = new(respond.Seconds(max(0, now.Sub(b.Reported))))
		}
		list = append(list, s)
	}
	return list
}
