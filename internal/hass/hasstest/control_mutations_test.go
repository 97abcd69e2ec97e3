package hasstest

const (
	number  = "gateway/components/limit_set_power/"
	choices = "gateway/components/limit_set_applies_to/"
	toggles = "gateway/components/limit_set_production_off/"
)

// controlMutations break what can be changed.
var controlMutations = []mutation{
	{edits{number + "command_topic": gone{}}, "component:required"},
	{edits{number + "command_topic": "envoy/+/limit/set"}, "component:entity-topics"},
	{edits{number + "command_topic": "other/limit/set"}, "own:entity-topics"},
	{edits{number + "command_template": "{{ value"}, "component:template"},
	{edits{number + "command_template": "{{ value | int }}"}, "own:template"},
	{edits{number + "state_topic": gone{}}, "own:control own:published"},
	{edits{number + "optimistic": true}, "own:control"},
	{edits{number + "retain": true}, "own:control"},
	{edits{number + "min": 1000000}, "component:control component:state"},
	{edits{number + "min": gone{}, number + "max": gone{}}, "component:state"},
	{edits{number + "max": 0}, "component:control component:state"},
	{edits{number + "max": 1499}, "component:state"},
	{edits{number + "step": 0}, "component:control"},
	{edits{number + "mode": "wheel"}, "component:control"},
	{edits{number + "device_class": "connectivity"}, "component:unit"},
	{edits{number + "unit_of_measurement": "Wh"}, "component:unit"},
	{edits{number + "expire_after": 60}, "component:keys warning:expiry"},
	{edits{number + "entity_category": "system"}, "component:category"},
	{edits{number + "state_topic": gatewayBase + "limit/applies_to"}, "component:state own:published"},
	{edits{choices + "options": gone{}}, "component:control component:required"},
	{edits{choices + "options": []any{}}, "component:control component:state"},
	{edits{choices + "options": []any{"off", "off", "export"}}, "component:control"},
	{edits{choices + "options": []any{"off", "on"}}, "component:state"},
	{edits{choices + "device_class": "enum"}, "component:keys component:unit"},
	{edits{toggles + "state_on": "OFF"}, "component:control"},
	{edits{toggles + "state_off": gone{}}, "component:state"},
	{edits{toggles + "device_class": "problem"}, "component:unit"},
	{edits{toggles + "options": []any{"a"}}, "component:keys"},
	{edits{toggles + "state_topic": gatewayBase + "limit/elsewhere"}, "own:published"},
}
