package enlightentest

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/hex"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Claims are the claims of a token. The zero value is an owner's token for a year from now.
type Claims struct {
	Serial   string
	Audience []string // instead of Serial, as a list
	Username string
	Role     string        // empty = owner
	Issued   time.Time     // zero = now
	Life     time.Duration // zero = a year, or 12 hours for an installer
}

const year = 365 * 24 * time.Hour

var key = sync.OnceValue(func() *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err) // the system's source of random numbers does not fail
	}
	return k
})

// Sign returns a token in Enphase's format, signed with a key of this process.
func Sign(c Claims) string {
	issued := c.Issued
	if issued.IsZero() {
		issued = time.Now()
	}
	claims := jwt.MapClaims{
		"aud": c.Serial, "iss": "Entrez", "enphaseUser": cmp.Or(c.Role, "owner"), "jti": random(), "username": c.Username,
		"iat": issued.Unix(), "exp": issued.Add(cmp.Or(c.Life, usual(c.Role))).Unix(),
	}
	if c.Audience != nil {
		claims["aud"] = c.Audience
	}
	t := jwt.NewWithClaims(jwt.SigningMethodES256, claims)
	t.Header["kid"] = "7d10-" + random()
	raw, err := t.SignedString(key())
	if err != nil {
		panic(err) // strings and numbers and a good key can always be signed
	}
	return raw
}

func usual(role string) time.Duration {
	if role == "installer" {
		return 12 * time.Hour
	}
	return year
}

func random() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

func (c *Cloud) life(role string) time.Duration { return cmp.Or(c.Life, usual(role)) }

// token returns the token that answer a contains for serial.
func (c *Cloud) token(a Answer, role, serial, user string) string {
	claims := Claims{Serial: serial, Username: user, Role: role, Life: c.life(role)}
	switch a {
	case SameToken:
		c.mu.Lock()
		last := c.last
		c.mu.Unlock()
		if last != "" {
			return last
		}
	case OtherSerial:
		claims.Serial = "999999999999"
	case Expired:
		claims.Issued = time.Now().Add(-c.life(role) - 24*time.Hour)
	case ListAudience:
		claims.Audience = []string{"999999999999", serial}
	case Uncommissioned:
		claims.Serial = "un-commissioned"
	}
	t := c.issue(claims)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = t
	return t
}

func (c *Cloud) issue(claims Claims) string {
	t := Sign(claims)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.secrets = append(c.secrets, t)
	return t
}

// session opens a session for user.
func (c *Cloud) session(user string) string {
	id := random()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.users == nil {
		c.users = map[string]string{}
	}
	c.users[id] = user
	c.secrets = append(c.secrets, id)
	return id
}
