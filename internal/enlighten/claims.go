package enlighten

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// A Role is what a token lets its bearer do at the gateway.
type Role string

// The roles the cloud gives. An owner's token lives a year, an installer's 12
// hours. Every other word in a token is no role of ours: empty.
const (
	Owner     Role = "owner"
	Installer Role = "installer"
)

// Claims are what a token says of itself. Nobody verifies them but the gateway;
// here they tell how long the token lives and whose it is.
type Claims struct {
	Issued   time.Time // zero when the token does not say
	Expires  time.Time
	Role     Role
	Audience []string // serials, or "un-commissioned"
}

// Parse reads token's claims, with space around it or not. The only error is
// [ErrNotToken].
func Parse(token string) (Claims, error) {
	var c struct {
		jwt.RegisteredClaims
		EnphaseUser Role `json:"enphaseUser"`
	}
	token = strings.TrimSpace(token)
	if _, _, err := jwt.NewParser().ParseUnverified(token, &c); err != nil || !strings.HasPrefix(token, "eyJ") {
		return Claims{}, ErrNotToken // the library's words could hold a part of the token
	}
	if c.ExpiresAt == nil {
		return Claims{}, ErrNotToken // Enphase's all have an end
	}
	out := Claims{Audience: c.Audience}
	for at, from := range map[*time.Time]*jwt.NumericDate{&out.Issued: c.IssuedAt, &out.Expires: c.ExpiresAt} {
		if from == nil {
			continue
		}
		if y := from.UTC().Year(); y < 1970 || y > 9999 {
			return Claims{}, ErrNotToken // no clock says so, and no such time can be written down
		}
		*at = from.UTC()
	}
	if c.EnphaseUser == Owner || c.EnphaseUser == Installer {
		out.Role = c.EnphaseUser
	}
	return out, nil
}

// valid says why a token with these claims is of no use for the gateway at now.
func (c Claims) valid(serial string, now time.Time) error {
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

const day = 24 * time.Hour

// A held token is one of those a [Source] can hand out. The zero value is none.
type held struct {
	raw    string
	origin Origin
	claims Claims // zero when raw is not a JWT: old firmware takes what it is given
}

func hold(raw string, from Origin) held {
	raw = strings.TrimSpace(raw)
	c, _ := Parse(raw) // what is no JWT is judged by the gateway
	return held{raw: raw, origin: from, claims: c}
}

// renewal returns when h is to be renewed: a twelfth of its life before its end
// but at most 30 days, less up to a quarter of that, so that many programs do
// not renew at once. The quarter comes from the token: a restart changes nothing.
func (h held) renewal() time.Time {
	if h.claims.Expires.IsZero() {
		return time.Time{}
	}
	lead := min(h.claims.Expires.Sub(h.claims.Issued)/12, 30*day)
	sum := sha256.Sum256([]byte(h.raw))
	lead -= lead / 4 / (1 << 16) * time.Duration(binary.BigEndian.Uint16(sum[:]))
	return h.claims.Expires.Add(-lead)
}

// mark returns what stands for a refused token on disk, from which nobody can
// make the token again.
func (h held) mark() string {
	sum := sha256.Sum256([]byte(h.raw))
	return hex.EncodeToString(sum[:16])
}
