package web

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/web/respond"
)

// A pageAPI serves what the page displays.
type pageAPI struct {
	*store
	history History
	cache   *energiesCache
	version string
}

// A page is what the page displays at one moment.
type page struct {
	Version  string    `json:"version"`
	Unknown  bool      `json:"unknown,omitempty"` // there is no such gateway: it is the first one
	Gateway  *view     `json:"gateway,omitempty"` // the chosen one
	Gateways []summary `json:"gateways"`
}

// A summary is what the page displays of a gateway that is not chosen.
type summary struct {
	Serial string          `json:"serial"`
	Name   string          `json:"name"`
	Late   string          `json:"late"`
	Age    respond.Number  `json:"age"`
	Solar  *respond.Number `json:"solar,omitempty"`
	Total  bool            `json:"total,omitempty"` // of several gateways, so that it is not added
}

// page returns what the page displays. key is the serial number or the name of the
// chosen gateway; empty is the first, and so is one that does not exist any more.
func (a pageAPI) page(key string, now time.Time) page {
	p := page{Version: a.version, Gateways: []summary{}}
	if !a.isKnown(key) {
		p.Unknown, key = true, ""
	}
	if chosen, ok := a.find(key); ok {
		p.Gateway = new(a.view(&chosen, now))
	}
	all := a.all()
	if len(all) < 2 {
		return p
	}
	for _, g := range all {
		v := g.view(now)
		if v.Late != "" {
			v.Solar = nil
		}
		p.Gateways = append(p.Gateways, summary{v.Serial, v.Name, v.Late, v.Age, v.Solar, g.isTotal})
	}
	return p
}
