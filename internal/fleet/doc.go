// Package fleet tests a fleet of shards: the built program, several processes of it,
// beside a real Mosquitto and simulated gateways. See .ci/fleet.
package fleet
