package envoy

import "context"

// Discovering makes c find gateways by f.
func Discovering(c *Client, f func(context.Context, string) ([]Discovered, error)) *Client {
	c.discover = f
	return c
}
