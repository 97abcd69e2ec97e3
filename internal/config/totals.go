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

// checkTotal checks a total against the gateways.
func (l validator) checkTotal(t Total) {
	at := l.totals[t.Section]
	switch level := schema.TotalLevel(t.Section); {
	case !totalPattern.MatchString(t.Section):
		l.fail(at, "the name of a total may contain letters, digits and _ only, because it is part of topics")
	case len(level) > schema.MaxTotalLevel:
		l.fail(at, fmt.Sprintf("the name of a total may have %d characters at most", schema.MaxTotalLevel))
	}
	if !l.given(t.Section, "GATEWAYS") {
		l.fail(at, "is missing; write the sections that are added, e.g. GATEWAYS = ENVOY, ENVOY_GARAGE")
		return
	}
	if len(t.Gateways) == 1 {
		l.fail(at, "only one gateway; a total adds at least two")
	}
	for _, section := range t.Gateways {
		if _, ok := l.gateways[section]; !ok {
			l.fail(at, fmt.Sprintf("there is no section [%s]", section))
		}
	}
	if t.GridFrom != "" && len(t.Gateways) > 0 && !slices.Contains(t.Gateways, t.GridFrom) {
		l.fail(l.at(t.Section, "GRID_FROM"), t.GridFrom+" is not one of GATEWAYS")
	}
}
