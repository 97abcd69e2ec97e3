package envoytest

import (
	"strings"
	"testing"
)

func TestPages(t *testing.T) {
	const json, html, none = "application/json", "text/html", ""
	for _, row := range []struct {
		firmware, path string
		code           int
		contentType    string
		chunked        bool
		has            string
	}{
		{"D8.3.5167", "/info", 200, none, false, `<web-tokens>true</web-tokens>`},
		{"D8.3.5167", "/info.xml", 200, none, false, `<package name="app">`},
		{"D7.6.175", "/info", 200, "text/xml", false, `<package name='app'>`},
		{"D7.6.175", "/info", 200, "text/xml", false, `<version>07.06.175</version>`},
		{"R4.10.35", "/info", 200, "text/xml", false, `<imeter>true</imeter>`},
		{"D8.2.4382", "/production.json?details=1", 200, json, true, `"lines":[{"wNow":`},
		{"D8.2.4382", "/production", 200, json, true, `"net-consumption"`},
		{"D8.2.4382", "/api/v1/production", 200, json, false, `"wattsNow": `},
		{"D8.2.4382", "/api/v1/production/inverters", 200, json, false, `"devType": 1`},
		{"D8.2.4382", "/ivp/meters", 200, none, false, `"measurementType": "net-consumption"`},
		{"D8.2.4382", "/ivp/meters/readings", 200, none, false, `"eid": 1778385427`},
		{"D8.3.5167", "/ivp/meters/readings", 200, none, false, `"eid": 1023410688`},
		{"D8.3.5167", "/ivp/meters/reports/consumption", 200, none, false, `"reportType": "total-consumption"`},
		{"D8.3.5167", "/ivp/meters/reports/consumption", 200, none, false, `"reportType": "net-consumption"`},
		{"D8.3.5167", "/ivp/meters/reports/production", 200, none, false, `"reportType": "production"`},
		{"D8.3.5167", "/ivp/meters/reports/", 200, none, false, `"reportType": "production"`},
		{"R3.9.36", "/ivp/meters/reports", 404, json + "; charset=ISO-8859-4", false, `404`},
		{"D8.3.5167", "/ivp/pdm/device_data", 200, none, false, `"deviceDataLimit": 50`},
		{"D8.2.4286", "/ivp/pdm/device_data", 200, none, false, `"error"`},
		{"D8.3.5167", "/ivp/ensemble/inventory", 200, none, false, `[]`},
		{"D8.3.5167", "/ivp/ensemble/power", 200, none, false, `"devices:": []`},
		{"D8.3.5167", "/ivp/ensemble/secctrl", 200, none, false, `"Max_energy": 0`},
		{"D7.3.130", "/ivp/ensemble/power", 401, html, false, `401`},
		{"R4.10.35", "/ivp/ensemble/inventory", 404, json + "; charset=ISO-8859-4", false, `404`},
		{"D8.3.5167", "/home", 200, html, true, `Envoy`},
		{"D8.3.5167", "/home.json", 200, json, true, `"interfaces"`},
		{"D8.3.5167", "/", 200, html, true, `Envoy`},
		{"D8.3.5286", "/", 404, html, false, `404`},
		{"D8.3.5167", "/ivp/no/such", 200, none, false, `"error"`},
		{"D8.3.5167", "/nosuch.json", 301, html, false, `301`},
		{"R4.10.35", "/production.json", 200, json, true, `"net-consumption"`},
		{"R4.10.35", "/production", 401, html, false, `401`},
		{"R4.10.35", "/ivp/no/such", 404, json + "; charset=ISO-8859-4", false, `{ "error" : "404 - Not Found" }`},
		{"R4.10.35", "/auth/check_jwt", 404, json + "; charset=ISO-8859-4", false, `404`},
		{"R3.9.36", "/production.json", 200, html, true, `Page Not Found`},
		{"R3.9.36", "/production", 200, html, true, `Production`},
		{"R3.9.36", "/api/v1/production", 200, json, false, `"wattsNow": `},
		{"R3.9.36", "/ivp/meters", 404, json + "; charset=ISO-8859-4", false, `404`},
	} {
		s := NewServer(&Gateway{Firmware: row.firmware, Start: noon()})
		r, b := get(t, s.Client(), s.URL+row.path)
		s.Close()
		chunked := len(r.TransferEncoding) > 0 && r.ContentLength < 0
		if r.StatusCode != row.code || r.Header.Get("Content-Type") != row.contentType || chunked != row.chunked ||
			!strings.Contains(string(b), row.has) {
			t.Errorf("%s %s = %d %q chunked %t, want %+v\n%.200s", row.firmware, row.path,
				r.StatusCode, r.Header.Get("Content-Type"), chunked, row, b)
		}
		wantServer := ""
		if parseVersion(row.firmware).tokens() {
			wantServer = "openresty/1.17.8.1"
		}
		if got := r.Header.Get("Server"); got != wantServer {
			t.Errorf("%s %s: Server = %q, want %q", row.firmware, row.path, got, wantServer)
		}
	}
}

func TestLayouts(t *testing.T) {
	for _, row := range []struct {
		name                   string
		g                      *Gateway
		production, net, total int // activeCount, -1 when the entry is absent
		lines, nonZero         int
		volts                  float64 // of the total
	}{
		{"one phase", &Gateway{}, 1, 1, 1, 1, 1, 230},
		{"two phases", &Gateway{Phases: 2}, 1, 1, 1, 2, 2, 460},
		{"three phases", &Gateway{Phases: 3}, 1, 1, 1, 3, 3, 690},
		{"split phase", &Gateway{Split: true}, 1, 1, 1, 2, 2, 240},
		{"split phase, new stack", &Gateway{Split: true, ThreeLines: true}, 1, 1, 1, 3, 2, 240},
		{"one phase, new stack", &Gateway{ThreeLines: true}, 1, 1, 1, 3, 1, 230},
		{"production CT", &Gateway{CTs: ProductionCT}, 1, 0, 0, 1, 1, 230},
		{"consumption CT", &Gateway{CTs: ConsumptionCT}, 0, 1, 1, 1, 1, 230},
		{"no CTs", &Gateway{CTs: NoCTs, Phases: 3}, 0, 0, 0, 3, 3, 690},
		{"standard", &Gateway{Standard: true}, -1, -1, -1, 0, 0, 0},
	} {
		row.g.Start = noon()
		s := NewServer(row.g)
		_, b := get(t, s.Client(), s.URL+production)
		s.Close()
		w := decode(t, b)
		active := func(m string) int {
			e := w.entry(m)
			if e.Type == "" {
				return -1
			}
			return e.ActiveCount
		}
		p, n, c := active("production"), active("net-consumption"), active("total-consumption")
		if p != row.production || n != row.net || c != row.total {
			t.Errorf("%s: activeCount = %d, %d, %d, want %d, %d, %d", row.name, p, n, c, row.production, row.net, row.total)
		}
		e := w.entry("net-consumption")
		var nonZero int
		for _, l := range e.Lines {
			if l.RmsVoltage != 0 {
				nonZero++
			}
		}
		if len(e.Lines) != row.lines || nonZero != row.nonZero {
			t.Errorf("%s: %d lines, %d of them live, want %d, %d", row.name, len(e.Lines), nonZero, row.lines, row.nonZero)
		}
		if d := e.RmsVoltage - row.volts; d < -0.05*row.volts || d > 0.05*row.volts {
			t.Errorf("%s: rmsVoltage = %v, want about %v", row.name, e.RmsVoltage, row.volts)
		}
	}
}

// Firmware 8.3.5433 tells net consumption as total where a CT measures the total.
func TestTotalIsNet(t *testing.T) {
	for _, row := range []struct {
		firmware string
		loadOnly bool
		want     bool
	}{
		{"D8.3.5433", true, true},
		{"D8.3.5433", false, false},
		{"D8.3.5289", true, false},
	} {
		s := NewServer(&Gateway{Firmware: row.firmware, LoadOnly: row.loadOnly, Start: noon()})
		_, b := get(t, s.Client(), s.URL+production)
		s.Close()
		w := decode(t, b)
		total, net := w.entry("total-consumption"), w.entry("net-consumption")
		if got := total.WNow == net.WNow && total.WhLifetime == net.WhLifetime; got != row.want {
			t.Errorf("%+v: total %v, net %v", row, total.WNow, net.WNow)
		}
	}
}

func TestChange(t *testing.T) {
	g := &Gateway{Start: noon()}
	s := NewServer(g)
	defer s.Close()
	_, before := get(t, s.Client(), s.URL+production)
	g.Change(func(g *Gateway) { g.Firmware, g.Serial = "D8.3.5433", "998877665544" })
	_, info := get(t, s.Client(), s.URL+"/info")
	for _, want := range []string{"<software>D8.3.5433<", "<sn>998877665544<"} {
		if !strings.Contains(string(info), want) {
			t.Errorf("/info after the change: no %s in\n%s", want, info)
		}
	}
	last := decode(t, before).entry("production").WhLifetime
	for _, phases := range []int{3, 1, 2} { // each line is reported to the mWh below
		g.Change(func(g *Gateway) { g.Phases = phases })
		_, b := get(t, s.Client(), s.URL+production)
		e := decode(t, b).entry("production")
		if len(e.Lines) != phases || e.WhLifetime < last-0.003 || e.WhLifetime > last+100 {
			t.Errorf("%d phases: %d lines and %v Wh, want a little over %v", phases, len(e.Lines), e.WhLifetime, last)
		}
		last = e.WhLifetime
	}
}
