// Package state manages the files in STATE_DIR, which keep what must survive a
// restart: the ids of the bridge and of its MQTT client, the gateways that answered, the
// topics that were published, counters, and the journals of power limits. It writes files atomically, locks the folder against
// a second process, and restricts access to stored tokens.
package state
