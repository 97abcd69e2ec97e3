// Package enlighten keeps a gateway's token: it takes the configured or the
// stored one, obtains another from Enphase's cloud when that is needed, renews
// it ahead of time and stores it.
//
// The one decision to know: every login to the cloud is written down on disk
// before it is made, and pace.go alone says when the next may be. However often
// the program restarts, and whatever gateway and cloud answer, an account is
// never locked by polling.
//
// The package returns errors in words a person can act on and never logs. No
// error and no [Status] holds a password, a token, a session or an account's name.
package enlighten

import (
	"crypto/sha256"
	"encoding/hex"
)

// An Account is an Enphase account, as for the Enlighten app.
type Account struct {
	Username, Password string
}

// complete reports whether a can log in at all.
func (a Account) complete() bool { return a.Username != "" && a.Password != "" }

// mark returns what tells on disk that the account or its password has changed.
// It is salted by the name and cut to 16 bits, with which no guess at a password
// can be proved. One change in 65,536 goes unseen; then a pause lasts to its end.
func (a Account) mark() string {
	sum := sha256.Sum256([]byte("envoy-mqtt\x00" + a.Username + "\x00" + a.Password))
	return hex.EncodeToString(sum[:2])
}

// validSerial reports whether s can be a gateway's serial. It becomes the name
// of a file and a part of a URL, so nothing but letters and digits passes.
func validSerial(s string) bool {
	for _, r := range s {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') {
			return false
		}
	}
	return len(s) >= 6 && len(s) <= 32
}
