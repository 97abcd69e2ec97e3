package web

import (
	"errors"
	"math"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/history"
)

// allGateways in place of a gateway means the production of all together. There is no
// sum of other quantities: two gateways can measure the same grid connection.
const allGateways = "all"

// A sumDocument is the response of api/live for all gateways.
type sumDocument struct {
	Time       time.Time `json:"ts"` // of the oldest reading
	Production struct {
		Power number `json:"power"` // W
	} `json:"production"`
	Serials []string `json:"serials"`
	Age     number   `json:"age"` // of the oldest reading, s
}

// serveSum serves the production of all gateways together, if all are fresh.
func (s *store) serveSum(w http.ResponseWriter) {
	doc, err := sumProduction(s.withoutTotals(), time.Now())
	if err != nil {
		w.Header().Set("Retry-After", "5")
		writeError(w, http.StatusServiceUnavailable, "no sum: "+err.Error())
		return
	}
	writeJSON(w, http.StatusOK, doc)
}

// sumProduction returns the production of all gateways together. The error says which
// one has no current reading of it.
func sumProduction(all []gateway, now time.Time) (sumDocument, error) {
	doc := sumDocument{Serials: []string{}}
	if len(all) == 0 {
		return doc, errors.New("no gateway")
	}
	for i := range all {
		g := &all[i]
		if g.isStale(now) {
			return doc, errors.New("no current reading of " + g.Name)
		}
		w := power(g.sample, envoy.Production)
		if w == nil {
			return doc, errors.New("production is not measured by " + g.Name)
		}
		if slices.Contains(doc.Serials, g.Serial) { // two sections can name one gateway
			continue
		}
		doc.Production.Power += *w
		doc.Serials = append(doc.Serials, g.Serial)
		if doc.Time.IsZero() || g.sample.Time.Before(doc.Time) {
			doc.Time, doc.Age = g.sample.Time, seconds(now.Sub(g.sample.Time))
		}
	}
	return doc, nil
}

// withoutTotals returns the gateways without the totals of several.
func (s *store) withoutTotals() []gateway {
	return slices.DeleteFunc(s.all(), func(g gateway) bool { return g.IsTotal })
}

// serials returns the serial numbers of all gateways, or nil if one is not known yet.
func (s *store) serials() []string {
	var list []string
	for _, g := range s.withoutTotals() {
		switch {
		case g.Serial == "":
			return nil
		case !slices.Contains(list, g.Serial): // two sections can name one gateway
			list = append(list, g.Serial)
		}
	}
	return list
}

// of returns the history that is chosen by a query: the production of all gateways
// together, or the history of each.
func (a historyAPI) of(query url.Values) historyAPI {
	if query.Get("gateway") == allGateways && a.past != nil {
		a.past = sumHistory{a.past, a.serials()}
		query.Del("gateway")
	}
	return a
}

// sumOf returns the production of several gateways in steps of one length. A step in
// which one of them was not measured has no sum.
func sumOf(h History, serials []string, from, to time.Time, points int) history.Plot {
	var sum history.Plot
	plots := make([]history.Plot, len(serials))
	for i, serial := range serials {
		plots[i] = h.Power(serial, from, to, points)
		if plots[i].Step > sum.Step {
			sum = history.Plot{Start: plots[i].Start, End: plots[i].End, Step: plots[i].Step}
		}
	}
	for i, serial := range serials {
		if plots[i].Step != sum.Step && sum.Step > 0 { // it is read less often
			points = int((to.Sub(sum.Start) + sum.Step - 1) / sum.Step)
			plots[i] = h.Power(serial, from, to, points)
		}
		list := plots[i].Series[history.Solar]
		if list == nil || plots[i].Step != sum.Step || !plots[i].Start.Equal(sum.Start) {
			sum.Series[history.Solar] = nil
			return sum
		}
		if i == 0 {
			sum.Series[history.Solar] = append([]history.Point(nil), list...)
			continue
		}
		for k := range min(len(list), len(sum.Series[history.Solar])) {
			p := &sum.Series[history.Solar][k]
			*p = history.Point{Min: float32(math.NaN()), Mean: p.Mean + list[k].Mean, Max: float32(math.NaN())}
		}
	}
	return sum
}

// sumDays returns the energy that several gateways produced together on each day on
// which all of them were measured.
func sumDays(h History, serials []string, from, to history.Date) []history.Day {
	count := map[history.Date]int{}
	produced := map[history.Date]float64{}
	for _, serial := range serials {
		for _, d := range h.Days(serial, from, to) {
			if !math.IsNaN(d.Produced) {
				count[d.Date]++
				produced[d.Date] += d.Produced
			}
		}
	}
	nan := math.NaN()
	var days []history.Day
	for d := from; !to.Start(time.UTC).Before(d.Start(time.UTC)); d = d.AddDays(1) {
		if count[d] == len(serials) && len(serials) > 0 {
			days = append(days, history.Day{Date: d, Produced: produced[d], Used: nan, Imported: nan, Exported: nan, Charged: nan, Discharged: nan})
		}
	}
	return days
}

// A sumHistory is the production of all gateways together, as the history of one
// gateway.
type sumHistory struct {
	History
	serials []string
}

// Power implements [History].
func (h sumHistory) Power(_ string, from, to time.Time, points int) history.Plot {
	return sumOf(h.History, h.serials, from, to, points)
}

// Days implements [History].
func (h sumHistory) Days(_ string, from, to history.Date) []history.Day {
	return sumDays(h.History, h.serials, from, to)
}
