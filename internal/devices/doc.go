// Package devices is the tables of what gateways and the devices behind them
// report beside samples: inverters, batteries, controllers, CTs and texts. Each row
// defines one value, its key and its entity in Home Assistant; documents and
// entities follow from the tables.
package devices
