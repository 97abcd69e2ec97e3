package web

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

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
	if want := (responseSummary{Path: "/production.json", Median: 50, P95: 95, Highest: 100}); i != maxPaths-1 || g.Requests[i] != want {
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
