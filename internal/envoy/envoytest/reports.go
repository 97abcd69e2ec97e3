package envoytest

import "net/http"

type reportValues struct {
	CurrW       num `json:"currW"`
	ActPower    num `json:"actPower"`
	ApprntPwr   num `json:"apprntPwr"`
	ReactPwr    num `json:"reactPwr"`
	WhDlvdCum   num `json:"whDlvdCum"`
	WhRcvdCum   num `json:"whRcvdCum"`
	VarhLagCum  num `json:"varhLagCum"`
	VarhLeadCum num `json:"varhLeadCum"`
	VahCum      num `json:"vahCum"`
	RMSVoltage  num `json:"rmsVoltage"`
	RMSCurrent  num `json:"rmsCurrent"`
	PwrFactor   num `json:"pwrFactor"`
	FreqHz      num `json:"freqHz"`
}

type report struct {
	CreatedAt  int64          `json:"createdAt"`
	ReportType string         `json:"reportType"`
	Cumulative reportValues   `json:"cumulative"`
	Lines      []reportValues `json:"lines"`
}

// reportsPage is /ivp/meters/reports: the only native page with total consumption.
func reportsPage(g locked, r *http.Request) answer {
	m := g.measure()
	all := append([]report{newReport(g, "production", m, m.Production)}, consumptionReports(g, m)...)
	return reportAnswer(g, r, m, all)
}

func productionReportPage(g locked, r *http.Request) answer {
	m := g.measure()
	return reportAnswer(g, r, m, newReport(g, "production", m, m.Production))
}

func consumptionReportPage(g locked, r *http.Request) answer {
	m := g.measure()
	return reportAnswer(g, r, m, consumptionReports(g, m))
}

func consumptionReports(g locked, m *Reading) []report {
	return []report{newReport(g, "total-consumption", m, m.Consumption), newReport(g, "net-consumption", m, m.Net)}
}

// reportAnswer answers what only metered hardware has.
func reportAnswer(g locked, r *http.Request, m *Reading, doc any) answer {
	if g.Standard || !g.version().atLeast(4) {
		return g.missing(r.URL.Path)
	}
	a := native("", "    ", doc)
	a.reading = m
	return a
}

func newReport(g locked, kind string, m *Reading, of Meter) report {
	r := report{CreatedAt: m.Time.Unix(), ReportType: kind, Cumulative: newReportValues(g, of.Total)}
	for _, l := range of.Lines[:min(len(of.Lines), g.numLines())] {
		r.Lines = append(r.Lines, newReportValues(g, l))
	}
	return r
}

// newReportValues has import and export in one counter from firmware 8 on.
func newReportValues(g locked, l Line) reportValues {
	delivered, received := l.Delivered, l.Received
	if g.version().atLeast(8) {
		delivered, received = l.Energy, 0
	}
	through := l.Delivered + l.Received
	return reportValues{
		CurrW: num(l.Power), ActPower: num(l.Power), ApprntPwr: num(l.Apparent), ReactPwr: num(l.Reactive),
		WhDlvdCum: num(delivered), WhRcvdCum: num(received),
		VarhLagCum: num(round(0.17*through, 3)), VarhLeadCum: num(round(0.01*through, 3)), VahCum: num(round(1.12*through, 3)),
		RMSVoltage: num(l.Voltage), RMSCurrent: num(l.Current), PwrFactor: num(l.PowerFactor), FreqHz: num(l.Frequency),
	}
}
