package hasstest

const (
	number  = "gateway/components/limit_set_power/"
	choices = "gateway/components/limit_set_applies_to/"
	toggles = "gateway/components/limit_set_production_off/"
)

// controlMutations break what can be changed.
var controlMutations = []mutation{
	{edits{number + "command_topic": gone{}}, "e16"},
	{edits{number + "command_topic": "envoy/+/limit/set"}, "e17"},
	{edits{number + "command_topic": "other/limit/set"}, "H17"},
	{edits{number + "command_template": "{{ value"}, "e33"},
	{edits{number + "command_template": "{{ value | int }}"}, "H33"},
	{edits{number + "state_topic": gone{}}, "H18 H44"},
	{edits{number + "optimistic": true}, "H44"},
	{edits{number + "retain": true}, "H44"},
	{edits{number + "min": 1000000}, "e39 e44"},
	{edits{number + "min": gone{}, number + "max": gone{}}, "e39"},
	{edits{number + "max": 0}, "e39 e44"},
	{edits{number + "max": 1499}, "e39"},
	{edits{number + "step": 0}, "e44"},
	{edits{number + "mode": "wheel"}, "e44"},
	{edits{number + "device_class": "connectivity"}, "e21"},
	{edits{number + "unit_of_measurement": "Wh"}, "e21"},
	{edits{number + "expire_after": 60}, "W27 e13"},
	{edits{number + "entity_category": "system"}, "e28"},
	{edits{number + "state_topic": gatewayBase + "limit/applies_to"}, "H18 e39"},
	{edits{choices + "options": gone{}}, "e16 e44"},
	{edits{choices + "options": []any{}}, "e39 e44"},
	{edits{choices + "options": []any{"off", "off", "export"}}, "e44"},
	{edits{choices + "options": []any{"off", "on"}}, "e39"},
	{edits{choices + "device_class": "enum"}, "e13 e21"},
	{edits{toggles + "state_on": "OFF"}, "e44"},
	{edits{toggles + "state_off": gone{}}, "e39"},
	{edits{toggles + "device_class": "problem"}, "e21"},
	{edits{toggles + "options": []any{"a"}}, "e13"},
	{edits{toggles + "state_topic": gatewayBase + "limit/elsewhere"}, "H18"},
}
