package enlighten

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/envoy-mqtt/envoy-mqtt/internal/serialnumber"
)

// An Account is an Enphase account, as used by the Enlighten app.
type Account struct {
	Username, Password string
}

// complete reports whether a can be used for a login.
func (a Account) complete() bool { return a.Username != "" && a.Password != "" }

// hash identifies the account and its password on disk. It is salted with the
// name and cut to 16 bits, so that no guess at a password can be verified with
// it. One change of the password in 65,536 is not detected; a pause then lasts
// to its end.
func (a Account) hash() string {
	sum := sha256.Sum256([]byte("envoy-mqtt\x00" + a.Username + "\x00" + a.Password))
	return hex.EncodeToString(sum[:2])
}

// file returns the name, without extension, of the file with the account's rejected
// logins. It depends on the name only, so that another password does not end a
// pause. The hash is cut to 16 bits, so that no guess at the name can be verified
// with it. Enphase ignores the case of an e-mail address.
func (a Account) file() string {
	sum := sha256.Sum256([]byte("envoy-mqtt\x00" + strings.ToLower(strings.TrimSpace(a.Username))))
	return "account-" + hex.EncodeToString(sum[:2])
}

// A Role is the role of a token's owner at the gateway.
type Role string

// The roles that the cloud issues. An owner's token is valid for a year, an
// installer's for 12 hours. Any other role is treated as empty.
const (
	Owner     Role = "owner"
	Installer Role = "installer"
)

// Claims are the claims of a token. Only the gateway verifies the signature; here
// they are used for the lifetime and the serial number.
type Claims struct {
	Issued   time.Time // zero if unknown
	Expires  time.Time
	Role     Role
	Audience []string // serial numbers, or "un-commissioned"
}

// Parse returns the claims of a token, which may be surrounded by space. The only
// error is [ErrNotToken].
func Parse(raw string) (Claims, error) {
	var c struct {
		jwt.RegisteredClaims
		EnphaseUser Role `json:"enphaseUser"`
	}
	raw = strings.TrimSpace(raw)
	if _, _, err := jwt.NewParser().ParseUnverified(raw, &c); err != nil || !strings.HasPrefix(raw, "eyJ") {
		return Claims{}, ErrNotToken // the library's error could contain a part of the token
	}
	if c.ExpiresAt == nil {
		return Claims{}, ErrNotToken // all tokens of Enphase expire
	}
	out := Claims{Audience: c.Audience}
	for at, from := range map[*time.Time]*jwt.NumericDate{&out.Issued: c.IssuedAt, &out.Expires: c.ExpiresAt} {
		if from == nil {
			continue
		}
		if y := from.UTC().Year(); y < 1970 || y > 9999 {
			return Claims{}, ErrNotToken // not a plausible time, and not one that JSON can represent
		}
		*at = from.UTC()
	}
	if c.EnphaseUser == Owner || c.EnphaseUser == Installer {
		out.Role = c.EnphaseUser
	}
	return out, nil
}

// Check returns an error if a token with these claims has expired at now, or is
// for another gateway.
func (c Claims) Check(serial string, now time.Time) error {
	if !c.Expires.IsZero() && !now.Before(c.Expires) {
		return &expiredError{At: c.Expires}
	}
	ours := func(aud string) bool { return aud == "un-commissioned" || strings.EqualFold(aud, serial) }
	if len(c.Audience) == 0 || slices.ContainsFunc(c.Audience, ours) {
		return nil
	}
	e := &wrongSerialError{Serial: serial}
	if serialnumber.IsGateway(c.Audience[0]) {
		e.Token = c.Audience[0]
	}
	return e
}

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
