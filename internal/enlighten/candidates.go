package enlighten

import (
	"fmt"
	"time"
)

const (
	maxRejectedTokens  = 8         // that are remembered
	rejectedRetryDelay = time.Hour // before a rejected token is tried again
)

// candidates are the tokens that a Source can choose from for one gateway.
type candidates struct {
	serial     string // of the gateway, empty until a token is requested
	configured token
	stored     token                // from the store or the cloud
	rejected   map[string]time.Time // by the gateway: time by token.hash
}

// best returns the most recently issued usable token, or false if there is none. A token that is
// not a JWT has no date and comes last.
func (c *candidates) best(now time.Time) (token, bool) {
	return c.newest(func(token) time.Time { return now })
}

// bestExpired is best without regard to the time of expiry: our clock may be wrong.
func (c *candidates) bestExpired() (token, bool) {
	return c.newest(func(t token) time.Time { return t.claims.Issued })
}

// newest returns the most recently issued of the tokens that are usable at the
// time that at returns for them.
func (c *candidates) newest(at func(token) time.Time) (best token, ok bool) {
	for _, t := range []token{c.configured, c.stored} {
		if !c.usable(t, at(t)) {
			continue
		}
		if !ok || !t.claims.Issued.Before(best.claims.Issued) {
			best, ok = t, true
		}
	}
	return best, ok
}

// usable reports whether t is a valid token at now that the gateway has not rejected.
func (c *candidates) usable(t token, now time.Time) bool {
	return t.raw != "" && !c.isRejected(t) && t.claims.Check(c.serial, now) == nil
}

func (c *candidates) isRejected(t token) bool {
	if len(c.rejected) == 0 {
		return false // the usual case, in which no hash is needed
	}
	_, rejected := c.rejected[t.hash()]
	return rejected
}

// addStored adds a token from the store, empty for none, unless the present one is
// usable and was issued later. It returns an error if raw is no token for the gateway.
func (c *candidates) addStored(raw string, now time.Time) error {
	t := parseToken(raw, Stored)
	if t.raw == "" || t.raw == c.stored.raw {
		return nil
	}
	if err := t.validFor(c.serial); err != nil {
		return err
	}
	delete(c.rejected, t.hash()) // another process has stored it, after a test at the gateway
	if !c.usable(c.stored, now) || !t.claims.Issued.Before(c.stored.claims.Issued) {
		c.stored = t
	}
	return nil
}

// reject records that the gateway rejected the token raw, and reports whether it
// is one of c and was not rejected before.
func (c *candidates) reject(raw string, now time.Time) bool {
	t := parseToken(raw, "")
	if t.raw == "" || c.isRejected(t) || t.raw != c.configured.raw && t.raw != c.stored.raw {
		return false
	}
	if c.rejected == nil {
		c.rejected = map[string]time.Time{}
	}
	c.rejected[t.hash()] = now
	for len(c.rejected) > maxRejectedTokens {
		oldest := t.hash()
		for hash, at := range c.rejected {
			if at.Before(c.rejected[oldest]) {
				oldest = hash
			}
		}
		delete(c.rejected, oldest)
	}
	return true
}

// retryRejected makes tokens usable again that were rejected at least rejectedRetryDelay
// ago, and reports whether there are any. It costs no login, and gateways have
// rejected valid tokens while their clock was wrong.
func (c *candidates) retryRejected(now time.Time) bool {
	found := false
	for _, t := range []token{c.configured, c.stored} {
		at, rejected := c.rejected[t.hash()]
		if age := now.Sub(at).Abs(); !rejected || age < rejectedRetryDelay || t.claims.Check(c.serial, now) != nil {
			continue
		}
		delete(c.rejected, t.hash())
		found = true
	}
	return found
}

// missingErr returns why there is no usable token if there is no account for a login.
func (c *candidates) missingErr(now time.Time) error {
	t := c.configured
	if t.raw == "" || c.stored.claims.Issued.After(t.claims.Issued) {
		t = c.stored
	}
	if t.raw == "" {
		return ErrNoToken
	}
	err := t.claims.Check(c.serial, now)
	if err == nil {
		err = ErrRefused
	}
	return fmt.Errorf("%w, and %w", err, ErrNoAccount)
}
