// Package config reads the configuration from an INI file, the options of the
// Home Assistant app, environment variables, secret files and flags into a
// checked [Config].
package config
