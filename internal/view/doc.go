// Package view shows a person what gateways measure, and follows what a bridge
// publishes.
package view
