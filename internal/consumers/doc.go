// Package consumers writes the configuration of programs that read what the bridge
// publishes.
package consumers
