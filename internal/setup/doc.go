// Package setup has the steps of an installation: it reaches the gateway, logs in,
// tries the broker and writes the configuration.
package setup
