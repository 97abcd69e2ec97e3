package device

import (
	"slices"
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// MetersPath has how the CTs are set up.
const MetersPath = "/ivp/meters"

// A MeterConfig is how one of the gateway's CTs is set up.
type MeterConfig struct {
	EID       string // the meter's number; readings are joined by it, never by their order
	Kind      string // the firmware's word: production, net-consumption, total-consumption, storage, backfeed, load, evse, pv3p, gen …
	Enabled   bool
	PhaseMode string   // single, split or three, whatever the number of phases: a house in Europe has "three" and 1
	Phases    int      // number of channels that are used, 1 to 3; 0 if unknown
	Status    string   // normal, not-metering, check-wiring …; empty if unknown
	Flags     []string // problems that the gateway detects, such as negative-production; nil if it reports no flags
}

// ParseMeters reads the body of [MetersPath]. A gateway without meters answers an empty list.
func ParseMeters(body []byte) ([]MeterConfig, error) {
	type entry struct {
		EID             wire.String    `json:"eid"`
		State           wire.String    `json:"state"`
		MeasurementType wire.String    `json:"measurementType"`
		PhaseMode       wire.String    `json:"phaseMode"`
		PhaseCount      wire.Number    `json:"phaseCount"`
		MeteringStatus  wire.String    `json:"meteringStatus"`
		StatusFlags     *[]wire.String `json:"statusFlags"`
	}
	doc, err := wire.DecodeList(MetersPath, body, func(e *entry) bool {
		return e.EID != "" && (e.State+e.MeasurementType+e.PhaseMode != "" || e.PhaseCount.Kind != wire.Absent) // a reading has an eid too
	})
	if err != nil {
		return nil, err
	}
	var ms []MeterConfig
	for _, d := range doc {
		if slices.ContainsFunc(ms, func(m MeterConfig) bool { return m.EID == string(d.EID) }) {
			continue
		}
		m := MeterConfig{
			EID:       string(d.EID),
			Kind:      string(d.MeasurementType),
			Enabled:   d.State == "enabled",
			PhaseMode: string(d.PhaseMode),
			Status:    string(d.MeteringStatus),
		}
		if n := d.PhaseCount; n.Kind == wire.Numeric && (n.Value == 1 || n.Value == 2 || n.Value == 3) {
			m.Phases = int(n.Value)
		}
		if d.StatusFlags != nil {
			flags, err := wire.Understood(MetersPath, *d.StatusFlags, func(f *wire.String) bool { return *f != "" })
			if err != nil {
				return nil, err
			}
			m.Flags = []string{}
			for _, f := range flags {
				m.Flags = append(m.Flags, string(f))
			}
		}
		ms = append(ms, m)
	}
	return ms, nil
}

// SameConfigs reports whether a and b measure the same, in whatever order.
func SameConfigs(a, b []MeterConfig) bool {
	byEID := func(x, y MeterConfig) int { return strings.Compare(x.EID, y.EID) }
	return slices.EqualFunc(slices.SortedFunc(slices.Values(a), byEID), slices.SortedFunc(slices.Values(b), byEID), func(x, y MeterConfig) bool {
		return x.EID == y.EID && x.Enabled == y.Enabled && x.Kind == y.Kind && x.Phases == y.Phases
	})
}
