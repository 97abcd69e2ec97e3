package enlighten

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"
)

const day = 24 * time.Hour

// An Origin is where a token came from.
type Origin string

// The origins of a token.
const (
	Configured Origin = "configured"
	Stored     Origin = "stored" // by an earlier run or by [Source.SetToken]
	FromCloud  Origin = "cloud"
)

// A token is a token with its claims. The zero value is no token.
type token struct {
	raw     string
	origin  Origin
	claims  Claims    // zero if raw is not a JWT: old firmware accepts other texts
	renewal time.Time // when it is renewed ahead of time; zero if it never expires
}

// parseToken returns the token raw without the space around it. A text that is
// not a JWT is no error, because only the gateway knows whether it is valid.
func parseToken(raw string, from Origin) token {
	raw = strings.TrimSpace(raw)
	claims, _ := Parse(raw)
	return token{raw: raw, origin: from, claims: claims, renewal: renewalOf(raw, claims)}
}

// renewalOf returns when a token is renewed ahead of time, or zero if it never
// expires. That is 1/12 of its lifetime before its expiry, at most 30 days, shortened by
// up to a quarter so that not all programs renew at the same time. The quarter is
// derived from the token, so a restart does not change it.
func renewalOf(raw string, c Claims) time.Time {
	if c.Expires.IsZero() {
		return time.Time{}
	}
	lead := min(c.Expires.Sub(c.Issued)/12, 30*day)
	sum := sha256.Sum256([]byte(raw))
	lead -= lead / 4 / (1 << 16) * time.Duration(binary.BigEndian.Uint16(sum[:]))
	return c.Expires.Add(-lead)
}

// hash identifies t on disk. The token cannot be derived from it.
func (t token) hash() string {
	sum := sha256.Sum256([]byte(t.raw))
	return hex.EncodeToString(sum[:16])
}

// validFor returns an error if t can never have been a token for the gateway
// with that serial number. A token that has expired is no error.
func (t token) validFor(serial string) error {
	if _, err := Parse(t.raw); err != nil {
		return err
	}
	return t.claims.Check(serial, t.claims.Issued)
}
