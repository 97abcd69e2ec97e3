// Package state manages the files in STATE_DIR, which keep what must survive a
// restart: the MQTT client id, the gateways that answered, the topics that were
// published, and counters. It writes files atomically, locks the folder against
// a second process, and restricts access to stored tokens.
package state
