package hasstest

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// The checks of a component of any platform.

var (
	componentKey   = regexp.MustCompile(`^[a-z0-9_]+$`)
	entityID       = regexp.MustCompile(`^[a-z_]+\.[a-z0-9_]+$`)
	diagnosticName = regexp.MustCompile(`(?i)\b(token|poll|firmware|report)`) // what diagnostics are named
	ofPhase        = regexp.MustCompile(`_l[123](_|$)`)
)

// electrical are the classes of details that few users need: such entities start disabled.
var electrical = []string{"voltage", "current", "frequency", "power_factor", "apparent_power", "reactive_power"}

func (c documentChecker) checkComponents(components map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(components)) {
		c.component = key
		own, ok := components[key].(map[string]any)
		if !ok {
			c.add(MessageLost, rulePlatform, "no object")
			continue
		}
		c.addAmbiguous(ComponentLost, expandKeys(own, ha.Abbreviations.General))
		for _, item := range availabilityItems(own) {
			c.addAmbiguous(ComponentLost, expandKeys(item, ha.Abbreviations.General))
		}
		expandBase(own)
		p := component{key: key, own: own, all: maps.Clone(own)}
		for _, shared := range ha.SharedKeys {
			_, set := own[shared]
			if v, ok := c.doc.root[shared]; ok && !set {
				p.all[shared] = v
			}
		}
		c.doc.components = append(c.doc.components, p)
		componentChecker{c, p}.check()
	}
	c.component = ""
	c.checkNames()
}

// check checks the component.
func (c componentChecker) check() {
	p := c.p
	if !componentKey.MatchString(p.key) {
		c.add(OwnRule, ruleIDs, "key has more than a-z, 0-9 and _")
	}
	name := p.platform()
	if !slices.Contains(ha.Components, name) {
		c.add(MessageLost, rulePlatform, "platform %q does not exist", name)
		return
	}
	if p.isRemoval() {
		return
	}
	if !slices.Contains(ha.NotEntities, name) {
		c.checkUniqueID()
	}
	known, ok := ha.Platforms[name]
	if !ok {
		c.add(OwnRule, rulePlatform, "platform %q is not one of ours", name)
		return
	}
	for _, key := range slices.Sorted(maps.Keys(p.own)) {
		if key != "platform" && !slices.Contains(ha.CommonKeys, key) && !slices.Contains(known.Keys, key) {
			c.add(ComponentLost, ruleKeys, "a %s has no key %q", name, key)
			continue
		}
		c.checkValue(ComponentLost, key, p.own[key])
	}
	for _, key := range known.Required {
		if _, ok := p.all[key]; !ok {
			c.add(ComponentLost, ruleRequired, "%s is missing", key)
		}
	}
	if slices.ContainsFunc(slices.Collect(maps.Keys(p.own)), isAvailability) {
		c.checkAvailability(ComponentLost, p.all)
	}
	c.checkConnectivity()
	c.checkDefaultID()
	c.checkCategory()
	c.checkPresentation()
	c.checkQuantity()
	c.checkControl()
}

func (c componentChecker) checkUniqueID() {
	p, doc := c.p, c.doc
	v, ok := p.own["unique_id"]
	if !ok || !isScalar(v) || v == "" {
		c.add(MessageLost, rulePlatform, "unique_id is missing")
		return
	}
	rest, ok := strings.CutPrefix(text(p.own, "unique_id"), doc.id+"_")
	if !ok || !componentKey.MatchString(rest) {
		c.add(OwnRule, ruleIDs, "unique_id %q is not made of %s_ and a key", v, doc.id)
	}
}

func (c componentChecker) checkDefaultID() {
	p := c.p
	id := text(p.own, "default_entity_id")
	domain, _, found := strings.Cut(id, ".")
	switch {
	case id == "":
	case found && domain != p.platform():
		c.add(Warning, ruleEntityID, "default_entity_id %q is not of platform %s", id, p.platform())
	case !entityID.MatchString(id):
		c.add(OwnRule, ruleEntityID, "default_entity_id %q is not <platform>.<a-z, 0-9 and _>", id)
	}
}

func (c componentChecker) checkCategory() {
	p := c.p
	category, ok := p.own["entity_category"]
	reads := slices.Contains([]string{"sensor", "binary_sensor"}, p.platform())
	switch {
	case ok && category != "diagnostic" && category != "config":
		c.add(ComponentLost, ruleCategory, "entity_category is neither diagnostic nor config")
	case category == "config" && reads:
		c.add(ComponentLost, ruleCategory, "entity_category config is for what can be set")
	case !ok && reads && diagnosticName.MatchString(text(p.own, "name")):
		c.add(Warning, ruleCategory, "looks like a diagnostic and has no entity_category")
	}
}

// checkPresentation checks how the entity is presented to users.
func (c componentChecker) checkPresentation() {
	p, doc := c.p, c.doc
	if v := p.own["force_update"]; v == true {
		c.add(Warning, ruleTransport, "force_update writes each value, changed or not")
	}
	if icon, ok := p.own["icon"].(string); ok {
		if !strings.Contains(icon, ":") {
			c.add(ComponentLost, ruleIcon, "icon %q has no colon", icon)
		}
		if p.own["device_class"] != nil {
			c.add(OwnRule, ruleIcon, "the device class has an icon already")
		}
	}
	class := text(p.own, "device_class")
	detail := ofPhase.MatchString(strings.TrimPrefix(text(p.own, "unique_id"), doc.id)) ||
		slices.Contains(electrical, class) ||
		strings.HasPrefix(doc.id, "envoy_inverter_") && p.own["name"] != nil
	if enabled, ok := p.own["enabled_by_default"]; detail && (!ok || enabled == true) {
		c.add(OwnRule, ruleEnabled, "a detail, want enabled_by_default false")
	}
	c.checkName()
}
