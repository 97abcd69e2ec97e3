package envoytest

import (
	"math"
	"net/http"
	"slices"
	"strconv"
)

// num is a number as the firmware prints it: always with a decimal.
type num float64

// MarshalJSON implements [encoding/json.Marshaler].
func (n num) MarshalJSON() ([]byte, error) {
	b := strconv.AppendFloat(nil, float64(n), 'f', -1, 64)
	if !slices.Contains(b, '.') {
		b = append(b, ".0"...)
	}
	return b, nil
}

// A document is /production.json. Consumption is absent, not empty, on hardware
// without meters.
type document struct {
	Production  []any `json:"production"`
	Consumption []any `json:"consumption,omitempty"`
	Storage     []any `json:"storage"`
}

type invertersEntry struct {
	Type        string `json:"type"`
	ActiveCount int    `json:"activeCount"`
	ReadingTime int64  `json:"readingTime"`
	WNow        int    `json:"wNow"`
	WhLifetime  int    `json:"whLifetime"`
}

type eimEntry struct {
	Type            string `json:"type"`
	ActiveCount     int    `json:"activeCount"`
	MeasurementType string `json:"measurementType"`
	ReadingTime     int64  `json:"readingTime"`
	eimValues
	Lines []eimValues `json:"lines,omitempty"`
}

type eimValues struct {
	WNow             num `json:"wNow"`
	WhLifetime       num `json:"whLifetime"`
	VarhLeadLifetime num `json:"varhLeadLifetime"`
	VarhLagLifetime  num `json:"varhLagLifetime"`
	VahLifetime      num `json:"vahLifetime"`
	RmsCurrent       num `json:"rmsCurrent"`
	RmsVoltage       num `json:"rmsVoltage"`
	ReactPwr         num `json:"reactPwr"`
	ApprntPwr        num `json:"apprntPwr"`
	PwrFactor        num `json:"pwrFactor"`
	WhToday          num `json:"whToday"`
	WhLastSevenDays  num `json:"whLastSevenDays"`
	VahToday         num `json:"vahToday"`
	VarhLeadToday    num `json:"varhLeadToday"`
	VarhLagToday     num `json:"varhLagToday"`
}

func productionJSONPage(g locked, r *http.Request) answer {
	if !g.version().atLeast(4) {
		return g.missing(r.URL.Path)
	}
	return productionDocument(g, r.URL.Query().Get("details") == "1")
}

// productionPage is the same document without lines, or a table on firmware 3.
func productionPage(g locked, _ *http.Request) answer {
	if g.version().atLeast(4) {
		return productionDocument(g, false)
	}
	a := text(http.StatusOK, "text/html", errorPage("Production"))
	a.chunked = true
	return a
}

func productionDocument(g locked, details bool) answer {
	r := g.measure()
	d := document{
		Production: []any{invertersEntry{
			"inverters", r.Inverters.Count, r.Inverters.Time.Unix(), r.Inverters.Power, r.Inverters.Energy,
		}},
		Storage: []any{newACBEntry(g, r.Time)},
	}
	if !g.Standard {
		total := r.Consumption
		if g.LoadOnly && g.version().atLeast(8, 3, 5433) {
			total = mistaken(total, r.Net)
		}
		d.Production = append(d.Production, newEIM(g, "production", r, r.Production, details))
		d.Consumption = []any{
			newEIM(g, "total-consumption", r, total, details),
			newEIM(g, "net-consumption", r, r.Net, details),
		}
	}
	a := rendered(d)
	a.reading = r
	return a
}

// mistaken is total consumption as firmware 8.3.5433 reports it where a CT
// measures it: net consumption's power and energy.
func mistaken(total, net Meter) Meter {
	total.Total.Power, total.Total.Energy = net.Total.Power, net.Total.Energy
	total.Lines = slices.Clone(total.Lines)
	for i := range total.Lines {
		total.Lines[i].Power, total.Lines[i].Energy = net.Lines[i].Power, net.Lines[i].Energy
	}
	return total
}

func newEIM(g locked, measurement string, r *Reading, m Meter, details bool) eimEntry {
	e := eimEntry{Type: "eim", MeasurementType: measurement, ReadingTime: r.Time.Unix()}
	if m.Active {
		e.ActiveCount = 1
	}
	e.eimValues = newEIMValues(g, measurement, m.Total)
	if details {
		for _, l := range m.Lines {
			e.Lines = append(e.Lines, newEIMValues(g, measurement, l))
		}
	}
	return e
}

// newEIMValues are a line's. Reactive and apparent energy are in proportion; sums of
// a day are always 0 at net consumption, and the lifetime on the new stack. The
// current of net consumption has no sign on firmware 4 and 5.
func newEIMValues(g locked, measurement string, l Line) eimValues {
	through := l.Delivered + l.Received
	v := eimValues{
		WNow: num(l.Power), WhLifetime: num(l.Energy),
		VarhLeadLifetime: num(round(0.01*through, 3)), VarhLagLifetime: num(round(0.17*through, 3)),
		VahLifetime: num(round(1.12*through, 3)),
		RmsCurrent:  num(l.Current), RmsVoltage: num(l.Voltage),
		ReactPwr: num(l.Reactive), ApprntPwr: num(l.Apparent), PwrFactor: num(l.PowerFactor),
	}
	if measurement == "net-consumption" && !g.version().atLeast(7) {
		v.RmsCurrent = num(math.Abs(l.Current))
	}
	switch {
	case measurement == "net-consumption":
	case g.ThreeLines:
		v.WhToday, v.WhLastSevenDays = v.WhLifetime, v.WhLifetime
	default:
		v.WhToday, v.WhLastSevenDays = num(l.Today), num(round(l.Today+141_500, 3))
		v.VahToday = num(round(1.12*l.Today, 3))
	}
	return v
}
