package web

import "time"

// values are what the page displays.
type values struct {
	*store
	past    History // nil: nothing is kept
	cache   *energiesCache
	version string
}

// A page is what the page displays at one moment.
type page struct {
	Version  string    `json:"version"`
	Unknown  bool      `json:"unknown,omitempty"` // there is no such gateway: it is the first one
	Gateway  *view     `json:"gateway,omitempty"` // the chosen one
	Gateways []summary `json:"gateways"`
	History  bool      `json:"history"` // whether there is one
}

// A summary is what the page displays of a gateway that is not chosen.
type summary struct {
	Serial string  `json:"serial"`
	Name   string  `json:"name"`
	Late   string  `json:"late"`
	Age    number  `json:"age"`
	Solar  *number `json:"solar,omitempty"`
	Total  bool    `json:"total,omitempty"` // of several gateways, so that it is not added
}

// page returns what the page displays. key is the serial number or the name of the
// chosen gateway; empty is the first, and so is one that does not exist any more.
func (s values) page(key string, now time.Time) page {
	p := page{Version: s.version, Gateways: []summary{}, History: s.past != nil}
	if !s.isKnown(key) {
		p.Unknown, key = true, ""
	}
	if chosen, ok := s.find(key); ok {
		p.Gateway = new(s.view(&chosen, now))
	}
	all := s.all()
	if len(all) < 2 {
		return p
	}
	for i := range all {
		v := all[i].view(now)
		if v.Late != "" {
			v.Solar = nil
		}
		p.Gateways = append(p.Gateways, summary{v.Serial, v.Name, v.Late, v.Age, v.Solar, all[i].IsTotal})
	}
	return p
}
