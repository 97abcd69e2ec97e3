package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

var totalPattern = regexp.MustCompile(`^TOTAL(_[A-Z0-9]+)*$`)

// parseSection returns the name of a section in upper case, without brackets.
func parseSection(text string) (string, error) {
	name := strings.ToUpper(strings.TrimSpace(strings.Trim(text, "[]")))
	if !isGateway(name) {
		return "", errors.New("want the section of a gateway, such as ENVOY or ENVOY_GARAGE")
	}
	return name, nil
}

// parseSections returns the names of sections in a list, without duplicates.
func parseSections(text string) (names []string, err error) {
	for field := range strings.SplitSeq(text, ",") {
		name, err := parseSection(strings.TrimSpace(field))
		if err != nil {
			return nil, err
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// mistakes returns what is wrong with a total of gateways, by section.
func (t Total) mistakes(gateways map[string]origin) (reasons []string) {
	switch level := schema.TotalLevel(t.Section); {
	case !totalPattern.MatchString(t.Section):
		reasons = append(reasons, "the name of a total may contain letters, digits and _ only, because it is part of topics")
	case len(level) > schema.MaxTotalLevel:
		reasons = append(reasons, fmt.Sprintf("the name of a total may have %d characters at most", schema.MaxTotalLevel))
	}
	if len(t.Gateways) == 1 {
		reasons = append(reasons, "only one gateway; a total adds at least two")
	}
	for _, section := range t.Gateways {
		if _, ok := gateways[section]; !ok {
			reasons = append(reasons, fmt.Sprintf("there is no section [%s]", section))
		}
	}
	if t.GridFrom != "" && !slices.Contains(t.Gateways, t.GridFrom) {
		reasons = append(reasons, "GRID_FROM = "+t.GridFrom+" is not one of them")
	}
	return reasons
}
