// Package broker makes a connection's configuration from the section [MQTT], with the
// broker of Home Assistant where the bridge runs as its app.
package broker
