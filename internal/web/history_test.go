package web

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/history"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web/respond"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web/webtest"
)

// pastOf returns the past of the gateway of newServer.
func pastOf(s *Server) past { return past{history: s.History, gateways: []string{testSerial}} }

// TestDayLength checks the days at which clocks change.
func TestDayLength(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip(err)
	}
	s := newServer()
	for date, hours := range map[history.Date]int64{
		{Year: 2026, Month: 3, Day: 28}: 24, {Year: 2026, Month: 3, Day: 29}: 23, {Year: 2026, Month: 10, Day: 25}: 25,
	} {
		now := time.Date(2026, 11, 28, 12, 0, 0, 0, berlin)
		d := pastOf(s).dayPlot(historyQuery{date: date, points: 1440}, now)
		steps := int64(len(d.Solar))
		if d.End-d.Start != hours*3600 || steps != (d.End-d.Start+d.Step-1)/d.Step || steps > 1440 {
			t.Errorf("%v: %d s in %d steps of %d s, want %d h", date, d.End-d.Start, steps, d.Step, hours)
		}
		d.Step, d.Solar = 7200, make([]respond.Number, (hours+1)/2)
		if rows := d.rows(); len(rows) != 1+len(d.Solar) {
			t.Errorf("%v: %d rows of CSV, want %d", date, len(rows)-1, len(d.Solar))
		}
	}
}

func TestDayPlot(t *testing.T) {
	now := time.Date(2026, 6, 18, 15, 0, 0, 0, time.UTC)
	s := newServer()
	s.History = webtest.History{Gap: func(t time.Time) bool { return t.Hour() == 3 }}
	d := pastOf(s).dayPlot(historyQuery{date: history.DateOf(now.AddDate(0, 0, -1)), points: 1440}, now)
	if len(d.Solar) != 1440 || !math.IsNaN(float64(d.Solar[200])) || d.Solar[13*60] != 7800 || d.House[0] != 380 || d.Now != 0 {
		t.Errorf("the day before: %d points, %v %v %v", len(d.Solar), d.Solar[200], d.Solar[13*60], d.House[0])
	}
	if len(d.Light) != 2 || d.Light[0]-d.Start < 6*3600 || d.Light[0]-d.Start > 6.5*3600 || d.Light[1]-d.Start > 20*3600 {
		t.Errorf("light = %v from %d", d.Light, d.Start)
	}
	if d.Energies == nil || d.Energies.Produced != 31.4 {
		t.Errorf("energies = %+v", d.Energies)
	}
	synctest.Test(t, func(t *testing.T) { // at midnight of 2000-01-01
		time.Sleep(15 * time.Hour)
		now := time.Now().UTC()
		d := pastOf(s).dayPlot(historyQuery{date: history.DateOf(now), points: 1440, isToday: true}, now)
		if len(d.Light) != 2 || d.Light[1]-d.Start < 19*3600 || d.Now != now.Unix() {
			t.Errorf("the evening of today is not that of yesterday: %v", d.Light)
		}
	})
}

func TestEnergies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // 2000-01-01
		s := newServer()
		s.History = webtest.History{Gap: func(t time.Time) bool { return t.Month() == time.November || t.Day() == 10 }}
		h := s.Handler()
		type produced struct {
			date string
			kWh  float64 // -1: null
		}
		load := func(path string) (list []produced) {
			var doc struct {
				Days []struct {
					Date     string
					Produced *float64
				}
			}
			w := get(h, path)
			if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
				t.Fatalf("%s: %v: %s", path, err, w.Body)
			}
			for _, d := range doc.Days {
				e := produced{d.Date, -1}
				if d.Produced != nil {
					e.kWh = *d.Produced
				}
				list = append(list, e)
			}
			return list
		}
		days := load("/api/history?period=days&date=1999-12-31")
		if len(days) != 31 || days[0] != (produced{"1999-12-01", 31.4}) || days[9] != (produced{"1999-12-10", -1}) || days[30].date != "1999-12-31" {
			t.Errorf("31 days = %+v", days)
		}
		months := load("/api/history?period=months&date=1999-12-31")
		if len(months) != 13 || months[0].date != "1998-12-01" || months[11] != (produced{"1999-11-01", -1}) || months[12].date != "1999-12-01" || math.Abs(months[12].kWh-30*31.4) > .01 {
			t.Errorf("13 months = %+v", months)
		}
		w := get(h, "/api/history?period=days&date=1999-12-31&format=csv")
		rows, err := csv.NewReader(w.Body).ReadAll()
		if err != nil || len(rows) != 32 || strings.Join(rows[1], ",") != "1999-12-01,31.400,12.500,2.250,17.500,8.500,4.750" || strings.Join(rows[10], ",") != "1999-12-10,,,,,," {
			t.Errorf("CSV = %v, %v", rows, err)
		}
		if got := w.Header().Get("Content-Disposition"); got != `attachment; filename="envoy-days.csv"` {
			t.Errorf("Content-Disposition = %s", got)
		}
		w = get(h, "/api/history?date=1999-12-30&points=24&format=csv")
		rows, err = csv.NewReader(w.Body).ReadAll()
		if err != nil || len(rows) != 25 || strings.Join(rows[1], ",") != "1999-12-30T00:00:00Z,0,380,380,0,20" {
			t.Errorf("CSV of a day = %v, %v", rows[:2], err)
		}
	})
}

func TestHistoryQueries(t *testing.T) {
	s := newServer()
	h := s.Handler()
	for query, code := range map[string]int{
		"": 200, "period=day": 200, "period=days": 200, "period=months&format=csv": 200, "date=2026-06-18": 200, "points=24": 200,
		"period=year": 400, "date=2026-13-01": 400, "date=18.06.2026": 400, "points=0": 400, "points=8641": 400, "points=x": 400,
		"format=xml": 400, "gateway=1": 404, "gateway=" + testSerial: 200, "date=0001-01-01": 200, "date=9999-12-31": 200,
	} {
		if w := get(h, "/api/history?"+query); w.Code != code {
			t.Errorf("%s = %d %.100s, want %d", query, w.Code, w.Body, code)
		}
	}
}

func TestChargedFromGrid(t *testing.T) {
	now := time.Date(2026, 6, 18, 23, 0, 0, 0, time.UTC)
	s := newServer()
	if pastOf(s).wasChargedFromGrid(history.DateOf(now), now) {
		t.Error("the invented battery is charged by the sun only")
	}
}

// A gridCharged history charges a battery from the grid for a time.
type gridCharged struct {
	webtest.History
	minutes int
}

func (h gridCharged) Power(_ string, from, to time.Time, _ int) history.Plot {
	p := history.Plot{Start: from, End: to, Step: 5 * time.Minute}
	for at := from; at.Before(to); at = at.Add(p.Step) {
		grid, battery := history.Point{Mean: 800}, history.Point{Mean: -500}
		if int(at.Sub(from).Minutes()) >= h.minutes {
			battery.Mean = 0
		}
		p.Series[history.Grid] = append(p.Series[history.Grid], grid)
		p.Series[history.Battery] = append(p.Series[history.Battery], battery)
	}
	return p
}

// TestApproximate checks when self-consumption and self-sufficiency are approximate.
func TestApproximate(t *testing.T) {
	now := time.Date(2026, 6, 18, 12, 0, 0, 0, time.UTC)
	for minutes, want := range map[int]bool{0: false, 10: false, 15: true, 120: true} {
		s := newServer()
		s.History = gridCharged{minutes: minutes}
		reading := sample(now)
		g := gateway{GatewayState: bridge.GatewayState{Serial: testSerial, Online: true}, sample: &reading}
		if got := s.view(&g, now).Today.Approximate; got != want {
			t.Errorf("charged from the grid for %d minutes: approximate is %v, want %v", minutes, got, want)
		}
	}
}

// A noHistory knows nothing.
type noHistory struct{ webtest.History }

func (noHistory) Power(_ string, from, to time.Time, points int) history.Plot {
	if points < minPoints || points > maxPoints {
		panic("points are not checked")
	}
	return history.Plot{Start: from, End: to, Step: time.Hour}
}

func (noHistory) HighestPower(string) float64 { return 0 }

func (noHistory) Inverters(string, history.Date) history.InverterDay { return history.InverterDay{} }

func FuzzQueries(f *testing.F) {
	for _, q := range []string{"period=day&date=2026-06-18&points=100", "period=months&format=csv", "gateway=482207014533&view=page", "gateway=%00", ";", "%zz", "date=99999999-01-01"} {
		f.Add(q)
	}
	s := newServer()
	s.History = noHistory{}
	s.setSample("ENVOY", sample(time.Now()))
	h := s.Handler()
	f.Fuzz(func(t *testing.T, query string) {
		for _, path := range []string{"/api/live", "/api/history", "/api/inverters", "/"} {
			r := httptest.NewRequest(http.MethodGet, "http://localhost"+path, nil)
			r.URL = &url.URL{Path: path, RawQuery: query}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code >= 500 {
				t.Errorf("GET %s?%q = %d %s", path, query, w.Code, w.Body)
			}
			if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") && !json.Valid(w.Body.Bytes()) {
				t.Errorf("GET %s?%q is not JSON: %.200s", path, query, w.Body)
			}
		}
	})
}
