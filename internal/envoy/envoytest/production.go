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

// document is /production.json. Consumption is absent, not empty, on hardware
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

// acbEntry stands in every document, batteries or not.
type acbEntry struct {
	Type        string `json:"type"`
	ActiveCount int    `json:"activeCount"`
	ReadingTime int64  `json:"readingTime"`
	WNow        int    `json:"wNow"`
	WhNow       int    `json:"whNow"`
	State       string `json:"state"`
	PercentFull int    `json:"percentFull,omitempty"`
}

func (g *Gateway) productionJSON(r *http.Request) answer {
	if !g.version().atLeast(4) {
		return g.missing(r.URL.Path)
	}
	return g.document(r.URL.Query().Get("details") == "1")
}

// productionPage is the same document without lines, or a table on firmware 3.
func (g *Gateway) productionPage(*http.Request) answer {
	if g.version().atLeast(4) {
		return g.document(false)
	}
	a := text(http.StatusOK, "text/html", errorPage("Production"))
	a.chunked = true
	return a
}

func (g *Gateway) document(details bool) answer {
	r := g.measure()
	d := document{
		Production: []any{invertersEntry{
			"inverters", r.Inverters.Count, r.Inverters.Time.Unix(), r.Inverters.Power, r.Inverters.Energy,
		}},
		Storage: []any{g.acBatteries(r.Time)},
	}
	if !g.Standard {
		total := r.Consumption
		if g.LoadOnly && g.version().atLeast(8, 3, 5433) {
			total = mistaken(total, r.Net)
		}
		d.Production = append(d.Production, g.eim("production", r, r.Production, details))
		d.Consumption = []any{
			g.eim("total-consumption", r, total, details),
			g.eim("net-consumption", r, r.Net, details),
		}
	}
	a := rendered(d)
	a.reading = r
	return a
}

// mistaken is total consumption as firmware 8.3.5433 tells it where a CT
// measures it: net consumption's power and energy.
func mistaken(total, net Meter) Meter {
	total.Total.Power, total.Total.Energy = net.Total.Power, net.Total.Energy
	total.Lines = slices.Clone(total.Lines)
	for i := range total.Lines {
		total.Lines[i].Power, total.Lines[i].Energy = net.Lines[i].Power, net.Lines[i].Energy
	}
	return total
}

func (g *Gateway) eim(measurement string, r *Reading, m Meter, details bool) eimEntry {
	e := eimEntry{Type: "eim", MeasurementType: measurement, ReadingTime: r.Time.Unix()}
	if m.Active {
		e.ActiveCount = 1
	}
	e.eimValues = g.values(measurement, m.Total)
	if details {
		for _, l := range m.Lines {
			e.Lines = append(e.Lines, g.values(measurement, l))
		}
	}
	return e
}

// values are a line's. Reactive and apparent energy are in proportion; sums of
// a day are always 0 at net consumption, and the lifetime on the new stack. The
// current of net consumption has no sign on firmware 4 and 5.
func (g *Gateway) values(measurement string, l Line) eimValues {
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
