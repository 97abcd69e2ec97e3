// Package setup has the steps of an installation: it reaches the gateway, logs in,
// tries the broker and writes the configuration. The answers are in a [Draft], so that
// any user interface can ask for them.
package setup
