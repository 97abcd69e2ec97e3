// Package config reads the configuration from an INI file, the options of the
// Home Assistant app, environment variables, secret files and flags into a
// checked [Config].
//
// [Load] merges these [Sources], of which each overrides the ones before it, and
// reports all mistakes together, each with its line or variable. The table settings
// (settings.go) defines every key: its section, default, comment and parser. The
// example file, docs/configuration.md and the suggestions for unknown keys follow
// from it.
//
// [Initial] is the configuration with which init begins, and an [INIBuilder]
// writes a file.
package config
