package check

import (
	"encoding/json"
	"slices"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/locate"
)

// A gatewayReport is what check and token report of one gateway as JSON.
type gatewayReport struct {
	Section    string            `json:"section"`
	Serial     string            `json:"serial,omitempty"`
	Firmware   string            `json:"firmware,omitempty"`
	PartNumber string            `json:"part_number,omitempty"`
	URL        string            `json:"url,omitempty"`
	NeedsToken *bool             `json:"needs_token,omitempty"`
	Token      *enlighten.Status `json:"token,omitempty"`
}

// section returns the report of a gateway, which is added if it is new.
func (r *Report) section(name string) *gatewayReport {
	i := slices.IndexFunc(r.gateways, func(g *gatewayReport) bool { return g.Section == name })
	if i < 0 {
		i = len(r.gateways)
		r.gateways = append(r.gateways, &gatewayReport{Section: name})
	}
	return r.gateways[i]
}

// Found keeps for JSON which gateway answers under a section.
func (r *Report) Found(i locate.Info, section string) {
	g := r.section(section)
	g.Serial, g.Firmware, g.PartNumber, g.NeedsToken = i.Serial, i.Firmware, i.PartNumber, &i.NeedsToken
}

// printJSON prints everything that was reported as one JSON document.
func (r *Report) printJSON() error {
	doc := struct {
		OK       bool             `json:"ok"`
		Problems int              `json:"problems"`
		Findings []finding        `json:"findings"`
		Gateways []*gatewayReport `json:"gateways"`
	}{!r.failed, len(r.problems()), r.findings, r.gateways}
	if doc.Findings == nil {
		doc.Findings = []finding{}
	}
	if doc.Gateways == nil {
		doc.Gateways = []*gatewayReport{}
	}
	enc := json.NewEncoder(r.Out)
	enc.SetIndent("", "  ")
	return enc.Encode(doc)
}
