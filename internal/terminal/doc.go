// Package terminal lays out text for a terminal: lines of a width, colours, and
// screens that are kept current.
package terminal
