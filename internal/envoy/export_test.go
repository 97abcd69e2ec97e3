package envoy

import "context"

// Discovering makes c find gateways by f.
func Discovering(c *Client, f func(context.Context, string) ([]Discovered, error)) *Client {
	c.discover = f
	return c
}

// LimitDocument returns what a [LimitWriter] sends to change the settings in body.
func LimitDocument(body []byte, l PowerLimit) (string, error) {
	d, err := parseLimitDocument(body)
	if err != nil {
		return "", err
	}
	return d.with(l), nil
}

// ParseLimit returns the limit in the settings of body.
func ParseLimit(body []byte) (PowerLimit, error) { return parsePowerLimit(body) }
