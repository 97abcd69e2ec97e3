package envoy

import (
	"context"
	"fmt"
	"slices"
)

const metersPath = "/ivp/meters"

// A MeterConfig is how the gateway is set up to use one of its CTs.
type MeterConfig struct {
	EID       string // the meter's number; readings are joined by it, never by their order
	Kind      string // the firmware's word: production, net-consumption, total-consumption, storage, backfeed, load, evse, pv3p, gen …
	Enabled   bool
	PhaseMode string   // single, split or three, whatever the number of phases: a house in Europe has "three" and 1
	Phases    int      // how many of the three channels mean something, 1 to 3; 0 where that is not told
	Status    string   // normal, not-metering, check-wiring …; empty where that is not told
	Flags     []string // what the gateway finds wrong, such as negative-production; nil where it tells no flags
}

// Measurement returns what the meter measures, if that is one of ours.
func (m MeterConfig) Measurement() (Measurement, bool) {
	for of := range measurements {
		if m.Kind == of.String() && of != House { // a sum of ours
			return of, true
		}
	}
	return 0, false
}

// parseMeters reads /ivp/meters. A gateway without meters answers an empty list.
func parseMeters(body []byte) ([]MeterConfig, error) {
	type entry struct {
		EID             word    `json:"eid"`
		State           word    `json:"state"`
		MeasurementType word    `json:"measurementType"`
		PhaseMode       word    `json:"phaseMode"`
		PhaseCount      number  `json:"phaseCount"`
		MeteringStatus  word    `json:"meteringStatus"`
		StatusFlags     *[]word `json:"statusFlags"`
	}
	doc, err := decodeList(metersPath, body, func(e *entry) bool {
		return e.EID != "" && (e.State+e.MeasurementType+e.PhaseMode != "" || e.PhaseCount.kind != missing) // a reading has an eid too
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
		if n := d.PhaseCount; n.kind == numeric && (n.value == 1 || n.value == 2 || n.value == 3) {
			m.Phases = int(n.value)
		}
		if d.StatusFlags != nil {
			flags, err := onlyUnderstood(metersPath, *d.StatusFlags, func(f *word) bool { return *f != "" })
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

// MeterConfigs reads how the gateway's CTs are set up. Without meters there are
// none. After there were some, three answers in a row must have none.
func (s *Session) MeterConfigs(ctx context.Context) ([]MeterConfig, error) {
	configs, err := readOptional(ctx, s, metersPath, parseMeters)
	if err == nil {
		err = s.client.confirmConfigs(configs)
	}
	if err != nil {
		return nil, err
	}
	return configs, nil
}

// confirmConfigs returns an error where configs are none, were some, and fewer
// than three answers in a row agree.
func (c *Client) confirmConfigs(configs []MeterConfig) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(configs) == 0 && c.configured && c.noConfigs+1 < confirm {
		c.noConfigs++
		return fmt.Errorf("%s: the list is empty, but there were CTs before", metersPath)
	}
	c.configured, c.noConfigs = len(configs) > 0, 0
	return nil
}
