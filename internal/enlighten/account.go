package enlighten

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
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

func invalidSerialError(s string) error {
	return fmt.Errorf("gateway serial %q is not 6 to 32 letters and digits", s)
}

// file returns the name, without extension, of the file with the account's rejected
// logins. It depends on the name only, so that another password does not end a
// pause. The hash is cut to 16 bits, so that no guess at the name can be verified
// with it. Enphase ignores the case of an e-mail address.
func (a Account) file() string {
	sum := sha256.Sum256([]byte("envoy-mqtt\x00" + strings.ToLower(strings.TrimSpace(a.Username))))
	return "account-" + hex.EncodeToString(sum[:2])
}
