package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web/webtest"
)

const testSerial = "482207014533"

// sample returns a sample of three phases.
func sample(at time.Time) envoy.Sample {
	meter := func(m envoy.Measurement, powers ...float64) envoy.Meter {
		meter := envoy.Meter{Measurement: m}
		sum := 0.0
		for _, w := range powers {
			var c envoy.Channel
			c.Set(envoy.Power, w)
			c.Set(envoy.Voltage, 230)
			meter.Phases = append(meter.Phases, c)
			sum += w
		}
		meter.Total.Set(envoy.Power, sum)
		return meter
	}
	return envoy.Sample{Time: at, Meters: []envoy.Meter{
		meter(envoy.Production, 2472, 2464, 2464),
		meter(envoy.NetConsumption, -706, -1370, -1153),
		meter(envoy.Storage, -786, -785, -785),
		meter(envoy.House, 980, 309, 526),
	}}
}

// newServer returns a server with one gateway that is online.
func newServer() *Server {
	s := &Server{History: webtest.History{}, Version: "1.2.3"}
	s.SetState(GatewayState{Name: "ENVOY", Serial: testSerial, Online: true, Interval: time.Second, StaleAfter: 30 * time.Second})
	return s
}

// get requests a path of a server at this machine.
func get(h http.Handler, path string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	return request(h, http.MethodGet, path, "", change...)
}

func request(h http.Handler, method, path, body string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://192.168.1.2:9799"+path, strings.NewReader(body))
	r.RemoteAddr = "192.168.1.20:4000"
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) {
		if name == "Host" {
			r.Host = value
		}
		r.Header.Set(name, value)
	}
}

func peerIs(addr string) func(*http.Request) { return func(r *http.Request) { r.RemoteAddr = addr } }

func TestLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		h := s.Handler()
		check := func(path string, code int, want string) {
			t.Helper()
			if w := get(h, path); w.Code != code || w.Body.String() != want {
				t.Errorf("GET %s = %d %s, want %d %s", path, w.Code, w.Body, code, want)
			}
		}
		check("/api/live", 503, `{"error":"no reading yet","serial":"482207014533"}`)
		check("/api/live?gateway=1", 404, `{"error":"no such gateway"}`)
		first := sample(time.Now())
		s.SetSample("ENVOY", first)
		time.Sleep(1500 * time.Millisecond)
		doc := string(schema.LiveDocument(first))
		doc = doc[:len(doc)-1] + `,"serial":"482207014533","age":1.5}`
		if !json.Valid([]byte(doc)) {
			t.Fatalf("the document is not JSON: %s", doc)
		}
		check("/api/live", 200, doc)
		check("/api/live?gateway="+testSerial, 200, doc)
		check("/api/live?gateway=ENVOY", 200, doc)
		time.Sleep(28500 * time.Millisecond) // to the limit
		check("/api/live", 503, `{"error":"the latest reading is too old","serial":"482207014533","age":30}`)
		s.SetSample("ENVOY", sample(time.Now()))
		s.SetState(GatewayState{Name: "ENVOY", Serial: testSerial, StaleAfter: 30 * time.Second, Err: errors.New("no route to host")})
		check("/api/live", 503, `{"error":"the latest reading is too old","serial":"482207014533","age":0}`)
	})
}

// TestView checks what the page displays as time passes.
func TestView(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		late := func() (string, bool) {
			v := s.pageAPI().page("", time.Now()).Gateway
			return v.Late, v.Solar != nil
		}
		check := func(want string, hasValues bool) {
			t.Helper()
			if got, has := late(); got != want || has != hasValues {
				t.Errorf("after %v: %q, values %v; want %q, %v", time.Now(), got, has, want, hasValues)
			}
		}
		check("new", false)
		s.SetSample("ENVOY", sample(time.Now()))
		check("", true)
		time.Sleep(9 * time.Second)
		check("", true)
		time.Sleep(time.Second)
		check("stale", true)
		time.Sleep(20 * time.Second)
		check("offline", false)
		s.SetSample("ENVOY", sample(time.Now()))
		check("", true)
		for _, gap := range []time.Duration{time.Second, time.Second, 20 * time.Second} { // an outage
			time.Sleep(gap)
			s.SetSample("ENVOY", sample(time.Now()))
		}
		time.Sleep(10 * time.Second)
		check("stale", true)
		for range 3 { // a slow gateway
			time.Sleep(8 * time.Second)
			s.SetSample("ENVOY", sample(time.Now()))
		}
		time.Sleep(23 * time.Second)
		check("", true)
		time.Sleep(time.Second)
		check("stale", true)
		s.SetState(GatewayState{Name: "ENVOY", Serial: "482207000000", Online: true})
		check("new", false) // nothing of the gateway before
	})
}

// TestFull checks that a full wire is the highest power of the last 31 days, not of the
// time since the start.
func TestFull(t *testing.T) {
	s := newServer()
	s.SetSample("ENVOY", producing(time.Now(), 20_000, 1))
	s.SetSample("ENVOY", sample(time.Now()))
	if got := s.pageAPI().page("", time.Now()).Gateway.Full; got != 7800 {
		t.Errorf("full = %v, want that of the history, 7800", got)
	}
	s.History = nil
	if got := s.pageAPI().page("", time.Now()).Gateway.Full; got != 20_000 {
		t.Errorf("full without a history = %v, want the highest since the start", got)
	}
}

func TestViewOmitsWhatIsNotMeasured(t *testing.T) {
	s := newServer()
	only := envoy.Sample{Time: time.Now(), Meters: sample(time.Now()).Meters[:1]}
	s.SetSample("ENVOY", only)
	var got map[string]any
	doc, _ := json.Marshal(s.pageAPI().page("", time.Now()).Gateway)
	if err := json.Unmarshal(doc, &got); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"house", "grid", "battery", "level"} {
		if v, there := got[key]; there {
			t.Errorf("%s = %v, want none", key, v)
		}
	}
	if got["solar"] != 7400.0 {
		t.Errorf("solar = %v, want 7400", got["solar"])
	}
}

// TestHouse checks that the charging of batteries is not displayed as use.
func TestHouse(t *testing.T) {
	total := envoy.Meter{Measurement: envoy.TotalConsumption}
	total.Total.Set(envoy.Power, 900)
	for name, test := range map[string]struct {
		batteries []device.Battery
		want      bool
	}{"none": {nil, true}, "without a meter": {[]device.Battery{{Serial: "1"}}, false}} {
		s := newServer()
		s.SetSample("ENVOY", envoy.Sample{Time: time.Now(), Meters: []envoy.Meter{total}})
		s.SetBatteries("ENVOY", test.batteries, device.BatteryTotals{})
		if v := s.pageAPI().page("", time.Now()).Gateway; (v.House != nil) != test.want {
			t.Errorf("batteries %s: house %v, want one: %v", name, v.House, test.want)
		}
	}
}

func TestIndex(t *testing.T) {
	s := newServer()
	s.SetTitle("ENVOY", `<script>alert(1)</script>`)
	s.SetSample("ENVOY", sample(time.Now()))
	s.SetBatteries("ENVOY", nil, device.BatteryTotals{SoC: wire.Some(84.0)})
	w := get(s.Handler(), "/")
	body := w.Body.String()
	for _, want := range []string{
		"<h1>Exporting 3.23 kW</h1>", "<th scope=\"col\">L3</th>",
		`<th scope="row">Battery, charging</th><td>2356 W</td><td>786 W</td><td>785 W</td><td>785 W</td>`,
		`<th scope="row">Grid, exporting</th><td>3229 W</td>`, "Battery level 84 %.",
		"Today: produced 31.4 kWh, used 12.5 kWh, exported 17.5 kWh, imported 2.2 kWh, charged 8.5 kWh, discharged 4.8 kWh.",
		"&lt;script&gt;",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(body, "<script>") {
		t.Error("a name is not escaped")
	}
	old := envoy.Sample{Time: time.Now().Add(-20 * time.Second), Meters: sample(time.Now()).Meters}
	s.SetSample("ENVOY", old)
	if body := get(s.Handler(), "/").Body.String(); !strings.Contains(body, "<h1>No current reading</h1>") || strings.Contains(body, "2356 W") {
		t.Errorf("an old reading is displayed: %s", body)
	}
}

// TestUnknownGateway checks that a bookmark of a gateway that was replaced leads to the
// first one, but not while that gateway can be one that is not identified yet.
func TestUnknownGateway(t *testing.T) {
	s := newServer()
	s.SetSample("ENVOY", sample(time.Now()))
	if p := s.pageAPI().page("482207000000", time.Now()); !p.Unknown || p.Gateway == nil || p.Gateway.Serial != testSerial {
		t.Errorf("page of an unknown gateway = %+v", p)
	}
	if p := s.pageAPI().page(testSerial, time.Now()); p.Unknown {
		t.Error("a gateway is not known by its serial number")
	}
	if body := get(s.Handler(), "/?gateway=482207000000").Body.String(); !strings.Contains(body, "Exporting") {
		t.Errorf("page of an unknown gateway: %s", body)
	}
	const path = "/api/events?view=page&gateway=482207000000"
	check := func(want int) {
		t.Helper()
		if w := request(s.Handler(), http.MethodHead, path, ""); w.Code != want {
			t.Errorf("HEAD %s = %d, want %d", path, w.Code, want)
		}
	}
	check(http.StatusOK)
	s.SetState(GatewayState{Name: "ENVOY_GARAGE"})
	check(http.StatusNotFound)
	if w := get(s.Handler(), "/api/events?gateway=482207000000"); w.Code != http.StatusNotFound {
		t.Errorf("events of an unknown gateway = %d", w.Code)
	}
}

func TestSeveralGateways(t *testing.T) {
	s := newServer()
	s.SetTitle("ENVOY_GARAGE", "Garage")
	s.SetState(GatewayState{Name: "ENVOY_GARAGE", Serial: "482207019876", Online: true, StaleAfter: time.Minute})
	s.SetSample("ENVOY", sample(time.Now()))
	p := s.pageAPI().page("482207019876", time.Now())
	if len(p.Gateways) != 2 || p.Gateway.Name != "Garage" || p.Gateways[0].Solar == nil || p.Gateways[1].Late != "new" || p.Gateways[1].Solar != nil {
		t.Errorf("page = %+v", p)
	}
	if body := get(s.Handler(), "/").Body.String(); !strings.Contains(body, `<a href="./?gateway=482207019876">Garage</a>`) {
		t.Error("no link to the other gateway")
	}
}

func TestStatus(t *testing.T) {
	s := newServer()
	s.Problems = new(Problems)
	for range maxProblems + 10 {
		s.Problems.Add("warn", "gateway read failed", "error=timeout")
	}
	s.Problems.Add("error", strings.Repeat("x", 5000), "")
	for i := range 100 {
		s.Requested("ENVOY", "/production.json", time.Duration(i+1)*time.Millisecond, nil)
		s.Requested("ENVOY", "/"+strings.Repeat("p", i), time.Millisecond, nil) // more paths than are kept
	}
	s.Info = func() Info {
		return Info{Broker: BrokerInfo{Address: "mqtt://b:1883", Connected: true}, Gateways: map[string]GatewayInfo{"ENVOY": {Address: "192.168.1.57", Token: &TokenInfo{State: "ok"}}}}
	}
	w := get(s.Handler(), "/api/status")
	var got struct {
		Gateways []struct {
			Serial, Address string
			Requests        []responseSummary
			Token           TokenInfo
		}
		Problems []Problem
		Access   accessStatus
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	g := got.Gateways[0]
	i := len(g.Requests) - 1
	if want := (responseSummary{Path: "/production.json", Median: 54.764, P95: 97.017, Highest: 100}); i != maxPaths-1 || g.Requests[i] != want {
		t.Errorf("requests = %+v, want %d with %+v", g.Requests, maxPaths, want)
	}
	if g.Serial != testSerial || g.Address != "192.168.1.57" || g.Token.State != "ok" {
		t.Errorf("gateway = %+v", g)
	}
	if len(got.Problems) != 2 || got.Problems[1].Count != maxProblems+10 || len(got.Problems[0].Text) > maxProblemText+10 {
		t.Errorf("problems = %+v", got.Problems)
	}
	if got.Access.SignedIn || !got.Access.ReadOnly || len(got.Access.Actions) != 0 {
		t.Errorf("access = %+v", got.Access)
	}
}

func TestProblemsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p Problems
		for i := range 3 * maxProblems {
			p.Add("warn", strings.Repeat("p", i+1), "")
		}
		if got := p.recent(time.Now()); len(got) != maxProblems || len(got[0].Text) != 3*maxProblems {
			t.Errorf("%d problems, the newest with %d bytes", len(got), len(got[0].Text))
		}
		time.Sleep(problemAge + time.Second)
		if got := p.recent(time.Now()); len(got) != 0 {
			t.Errorf("%d problems after a day", len(got))
		}
	})
}

func TestGzip(t *testing.T) {
	s := newServer()
	for coding, want := range map[string]string{"": "", "gzip, br": "gzip", "br;q=1, GZIP": "gzip", "gzip;q=0": ""} {
		for _, path := range []string{"/app.js", "/api/history", "/"} {
			w := get(s.Handler(), path, header("Accept-Encoding", coding))
			if got := w.Header().Get("Content-Encoding"); got != want || w.Code != 200 {
				t.Errorf("%s with %q: %d, encoding %q, want %q", path, coding, w.Code, got, want)
			}
			if isZipped := bytes.HasPrefix(w.Body.Bytes(), []byte{0x1f, 0x8b}); isZipped != (want == "gzip") {
				t.Errorf("%s with %q: compressed %v", path, coding, isZipped)
			}
		}
	}
}
