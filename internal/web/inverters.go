package web

import (
	"math"
	"net/http"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/web/respond"
)

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
