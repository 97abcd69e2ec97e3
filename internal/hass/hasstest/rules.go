package hasstest

import "slices"

// A Rule is the name of a rule.
type Rule string

// The rules, each with what it requires. Many have parts that Home Assistant enforces
// and parts that are this project's, see [Severity].
const (
	ruleTopic         Rule = "topic"         // the topic is that of a discovery document
	rulePayload       Rule = "payload"       // the payload is a JSON object
	ruleRemoval       Rule = "removal"       // only an empty retained payload removes a device
	ruleRootKeys      Rule = "root-keys"     // the root has only known keys
	ruleParts         Rule = "parts"         // a device, an origin and 1 to 500 components
	ruleOrigin        Rule = "origin"        // the origin has a name and only known keys
	ruleDevice        Rule = "device"        // the device has known keys, and one identifier, of our prefix and its serial number
	ruleConnections   Rule = "connections"   // no connections, which would join it with the devices of others
	ruleDeviceURL     Rule = "device-url"    // the address of the device is a web address without secrets
	ruleDescription   Rule = "description"   // the device is described and is behind one that was announced before
	rulePlatform      Rule = "platform"      // the platform exists, and its entity has a unique id
	ruleIDs           Rule = "ids"           // keys and unique ids are of a-z, 0-9 and _, and unique
	ruleKeys          Rule = "keys"          // the platform knows the keys, and their values have the right type
	ruleAbbreviations Rule = "abbreviations" // no key is in its long and its short form
	ruleEntityID      Rule = "entity-id"     // default_entity_id is <platform>.<a-z, 0-9 and _>, and unique
	ruleRequired      Rule = "required"      // the keys that the platform requires are there
	ruleEntityTopics  Rule = "entity-topics" // topics are valid, below ours, not live, and of one entity
	rulePublished     Rule = "published"     // state topics are published, and what is published is a state
	ruleAvailability  Rule = "availability"  // an entity depends on the bridge and its gateway
	ruleConnectivity  Rule = "connectivity"  // what reports whether something can be reached is available when it cannot
	ruleUnit          Rule = "unit"          // the device class exists and has the unit
	ruleStateClass    Rule = "state-class"   // the state class exists and fits the device class
	ruleStatistics    Rule = "statistics"    // a quantity has a state class
	ruleTotals        Rule = "totals"        // only what never falls is total_increasing
	ruleDuration      Rule = "duration"      // a duration is in s, ms, min or h
	ruleOptions       Rule = "options"       // only an enum has options, and they differ
	ruleExpiry        Rule = "expiry"        // a value expires at the broker before its entity, and a counter never
	ruleCategory      Rule = "category"      // the category exists, and diagnostics have it
	ruleTransport     Rule = "transport"     // encoding, QoS, and how often states are written
	ruleName          Rule = "name"          // names are short, and differ within a device
	ruleIcon          Rule = "icon"          // icons and addresses of entities
	ruleEnabled       Rule = "enabled"       // details start disabled
	ruleTemplate      Rule = "template"      // a template is a field of the published JSON
	ruleSize          Rule = "size"          // a document has at most 64 KiB
	ruleSecrets       Rule = "secrets"       // no message contains a secret or a place
	ruleUpdate        Rule = "update"        // an entity that a new document omits was removed before
	ruleDelivery      Rule = "delivery"      // documents are retained, with QoS 1, and do not expire
	ruleState         Rule = "state"         // a state is one that the entity can have
	ruleCounter       Rule = "counter"       // a counter is not negative
	ruleMigrateAlone  Rule = "migrate-alone" // the migrate message has no other key
	ruleOneForm       Rule = "one-form"      // an entity is never announced in both forms at once
	ruleMigrateFirst  Rule = "migrate-first" // the old document gives way to the migrate message before it is removed
	ruleAcknowledged  Rule = "acknowledged"  // the next step of a migration waits until the broker has acknowledged the last one
	ruleUniqueID      Rule = "unique-id"     // the unique id stays the same
	ruleControl       Rule = "control"       // what can be changed shows what is, within its bounds
)

// ConcernsMigration reports whether r is about the migration between documents of whole
// devices and of single entities: the order of messages, and the ids.
func (r Rule) ConcernsMigration() bool {
	return slices.Contains([]Rule{ruleIDs, ruleMigrateAlone, ruleOneForm, ruleMigrateFirst, ruleAcknowledged, ruleUniqueID}, r)
}
