// Package devices contains the tables of what gateways and the devices behind them
// report beside samples: inverters, batteries, controllers, CTs and texts. Each row
// defines one value, its key and its entity in Home Assistant; documents and
// entities follow from the tables.
//
// A [Type] is a kind of device behind a gateway, such as [Battery], with one JSON
// document for each device; [Type.SubDevice] returns it. A [Group] is values that
// belong to the gateway's own device, with a topic each, such as [BatteryTotals];
// [Group.Values] returns them. [Entities] collects the entities of a gateway:
// those of its sensors, which package schema defines, and those of the groups.
package devices
