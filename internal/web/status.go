package web

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/web/respond"
)

// Info is what only the program knows. It contains no secret.
type Info struct {
	Started  time.Time
	Memory   int64 // resident, bytes; 0 if unknown
	Broker   BrokerInfo
	Gateways map[string]GatewayInfo // by name
}

// BrokerInfo describes the connection to the broker.
type BrokerInfo struct {
	Address   string `json:"address"` // without user name and password
	Connected bool   `json:"connected"`
	Errors    int64  `json:"errors"`    // connections lost or rejected since the start
	Published int64  `json:"published"` // messages since the start
}

// GatewayInfo describes a gateway.
type GatewayInfo struct {
	Address string     `json:"address"`
	Source  string     `json:"source"` // as configured
	Reason  string     `json:"reason,omitempty"`
	Token   *TokenInfo `json:"token,omitempty"` // nil if none is needed
}

// TokenInfo describes a token. Times are zero if they are unknown.
type TokenInfo struct {
	State   string    `json:"state"`
	Reason  string    `json:"reason,omitempty"` // why there is no newer token
	Problem bool      `json:"problem"`          // the user must act
	Role    string    `json:"role,omitempty"`
	Expires time.Time `json:"expires,omitzero"`
	Renewal time.Time `json:"renewal,omitzero"`
}

// A status is the response of api/status.
type status struct {
	Version  string          `json:"version"`
	Time     time.Time       `json:"time"`
	Started  time.Time       `json:"started,omitzero"`
	Memory   int64           `json:"memory,omitempty"`  // bytes
	History  int64           `json:"history,omitempty"` // on disk, bytes
	Broker   BrokerInfo      `json:"broker"`
	Gateways []gatewayStatus `json:"gateways"`
	Problems []Problem       `json:"problems"`
	Access   accessStatus    `json:"access"`
}

type gatewayStatus struct {
	Name       string            `json:"name"`
	Title      string            `json:"title,omitempty"`
	Serial     string            `json:"serial,omitempty"`
	Firmware   string            `json:"firmware,omitempty"`
	Online     bool              `json:"online"`
	Since      time.Time         `json:"since"` // of online or offline
	Age        *respond.Number   `json:"age,omitempty"`
	Interval   respond.Number    `json:"interval"`
	StaleAfter respond.Number    `json:"stale_after"`
	Error      string            `json:"error,omitempty"` // of the latest poll
	Requests   []responseSummary `json:"requests"`
	GatewayInfo
}

// An accessStatus is what this client may do.
type accessStatus struct {
	SignedIn bool     `json:"signed_in"`
	ReadOnly bool     `json:"read_only"` // sign-in is off
	Actions  []string `json:"actions"`
}

func (s *Server) serveStatus(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	info := s.Info()
	actions := slices.AppendSeq([]string{}, maps.Keys(s.Actions))
	slices.Sort(actions)
	doc := status{
		Version: s.Version, Time: now, Started: info.Started, Memory: info.Memory, History: s.History.DiskSize(),
		Broker: info.Broker, Gateways: []gatewayStatus{}, Problems: s.Problems.recent(now),
		Access: accessStatus{s.isSignedIn(r), s.isReadOnly(r), actions},
	}
	for _, g := range s.withoutTotals() {
		doc.Gateways = append(doc.Gateways, s.status(&g, info.Gateways[g.Name], now))
	}
	respond.JSON(w, http.StatusOK, doc)
}

func (s *Server) status(g *gateway, info GatewayInfo, now time.Time) gatewayStatus {
	st := gatewayStatus{
		Name: g.Name, Title: g.title, Serial: g.Serial, Firmware: g.Firmware, Online: !g.isStale(now), Since: g.changed,
		Interval: respond.Seconds(g.interval()), StaleAfter: respond.Seconds(g.StaleAfter), Requests: []responseSummary{}, GatewayInfo: info,
	}
	if g.sample != nil {
		st.Age = new(respond.Seconds(now.Sub(g.sample.Time)))
	}
	if g.Err != nil {
		st.Error = g.Err.Error()
	}
	for path, times := range s.copyRequests(g) {
		if sum, ok := times.summarize(path, now); ok {
			st.Requests = append(st.Requests, sum)
		}
	}
	slices.SortFunc(st.Requests, func(a, b responseSummary) int { return strings.Compare(a.Path, b.Path) })
	return st
}

// copyRequests returns a copy of how the paths of g have responded: g shares its map with
// the observer, whose event loops wait for the lock.
func (s *store) copyRequests(g *gateway) map[string]responseTimes {
	s.mu.Lock()
	defer s.mu.Unlock()
	copied := make(map[string]responseTimes, len(g.requests))
	for path, times := range g.requests {
		copied[path] = slices.Clone(*times)
	}
	return copied
}
