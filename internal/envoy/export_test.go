package envoy

import (
	"context"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/locate"
)

// Discovering makes c find gateways by f.
func Discovering(c *Client, f func(context.Context, string) ([]locate.Discovered, error)) *Client {
	c.discover = f
	return c
}
