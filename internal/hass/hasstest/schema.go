package hasstest

import (
	_ "embed"
	"encoding/json"
	"strings"
)

//go:embed ha.json
var haJSON []byte

// ha contains the tables of Home Assistant's MQTT integration that the rules use.
var ha = func() (s struct {
	Components        []string `json:"components"`
	NotEntities       []string `json:"not_entities"`
	RootKeys          []string `json:"root_keys"`
	SharedKeys        []string `json:"shared_keys"` // of the root, inherited by components
	DeviceKeys        []string `json:"device_keys"`
	OriginKeys        []string `json:"origin_keys"`
	AvailabilityKeys  []string `json:"availability_keys"`
	AvailabilityModes []string `json:"availability_modes"`
	Abbreviations     struct {
		General map[string]string `json:"general"`
		Device  map[string]string `json:"device"`
		Origin  map[string]string `json:"origin"`
	} `json:"abbreviations"` // short to long
	CommonKeys      []string            `json:"common_keys"`
	Platforms       map[string]platform `json:"platforms"`
	Kinds           map[string]string   `json:"kinds"` // what sort of value a key takes; not of keys with a rule of their own
	StateClassNames []string            `json:"state_class_names"`
	StateClasses    map[string][]string `json:"state_classes"` // by device class
	Units           map[string][]string `json:"units"`         // by device class; "" is no unit
	NotNumeric      []string            `json:"not_numeric"`   // device classes
},
) {
	if err := json.Unmarshal(haJSON, &s); err != nil {
		panic(err) // the file is embedded and every test reads it
	}
	return s
}()

// A platform is a kind of entity, with the keys that only it knows.
type platform struct {
	Required      []string `json:"required"`
	Keys          []string `json:"keys"`
	DeviceClasses []string `json:"device_classes"`
}

// nearMiss returns the unit of Home Assistant that differs from unit by case or space
// only, or "" if there is none or unit is right.
func nearMiss(unit string) string {
	switch strings.TrimSpace(unit) {
	case "C", "F":
		return "°" + strings.TrimSpace(unit)
	}
	near := ""
	for _, units := range ha.Units {
		for _, u := range units {
			if u == unit {
				return ""
			}
			if strings.EqualFold(u, strings.TrimSpace(unit)) {
				near = max(near, u) // any, but always the same
			}
		}
	}
	return near
}
