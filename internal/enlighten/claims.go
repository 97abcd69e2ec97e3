package enlighten

import (
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

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
		return &ExpiredError{At: c.Expires}
	}
	ours := func(aud string) bool { return aud == "un-commissioned" || strings.EqualFold(aud, serial) }
	if len(c.Audience) == 0 || slices.ContainsFunc(c.Audience, ours) {
		return nil
	}
	e := &WrongSerialError{Serial: serial}
	if validSerial(c.Audience[0]) {
		e.Token = c.Audience[0]
	}
	return e
}
