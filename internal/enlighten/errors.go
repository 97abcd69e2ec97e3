package enlighten

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// What a caller may want to tell apart. The words are for the person who runs
// the program.
var (
	ErrNoToken     = errors.New("the gateway wants a token and there is none: set TOKEN, or USERNAME and PASSWORD of the Enphase account")
	ErrRefused     = errors.New("the gateway refuses the token")
	ErrPassword    = errors.New("user name or password refused: correct USERNAME and PASSWORD of the Enphase account")
	ErrMFA         = errors.New("the account has multi-factor authentication (MFA), which only a person can pass: " + paste)
	ErrBlocked     = errors.New("the account is blocked for now: log in at https://enlighten.enphaseenergy.com/ to see why")
	ErrUnreachable = errors.New("no connection to the Enphase cloud")
	ErrWebPage     = errors.New("a web page came instead of an answer: the cloud is down, or turns away too many logins")
	ErrNotToken    = errors.New("not a token: one has three parts with dots between and begins with eyJ")
)

const paste = "log in at https://entrez.enphaseenergy.com/, choose the system and the gateway, and set the token shown there as TOKEN"

var (
	errUnanswered   = errors.New("the program ended three times before the cloud had answered a login")
	errSame         = errors.New("the cloud gave the old token again")
	errJustNow      = errors.New("the last login was less than a minute ago")
	errThreeRefused = errors.New("three logins in a row were refused")
	errNoSession    = errors.New("no session in the answer")
	errStopped      = errors.New("the token source is stopped")
)

// A PausedError says that no login is made before Until, and why.
type PausedError struct {
	Until time.Time
	Err   error
}

func (e *PausedError) Error() string {
	return fmt.Sprintf("next login not before %s: %v", e.Until.Local().Format("2006-01-02 15:04:05 MST"), e.Err)
}

func (e *PausedError) Unwrap() error { return e.Err }

// An ExpiredError says that the only token there is has expired.
type ExpiredError struct{ At time.Time }

func (e *ExpiredError) Error() string {
	return fmt.Sprintf("token expired on %s", moment(e.At))
}

// A WrongSerialError says that a token is for another gateway than the one asked for.
type WrongSerialError struct {
	Serial string // the gateway's
	Token  string // the one in the token, empty when it is not a serial
}

func (e *WrongSerialError) Error() string {
	return fmt.Sprintf("token is for gateway %s, not for %s", cmp.Or(e.Token, "unknown"), e.Serial)
}

// Problem returns the serial number of the token.
func (e *WrongSerialError) Problem() any { return e.Token }

// A StatusError is an answer of the cloud that is no success, 403 for one.
type StatusError struct{ Code int }

// Problem returns the status.
func (e *StatusError) Problem() any { return e.Code }

func (e *StatusError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("answer %d %s", e.Code, http.StatusText(e.Code)))
}

func badSerial(s string) error {
	return fmt.Errorf("gateway serial %q is not 6 to 32 letters and digits", s)
}

// forPerson reports whether err stays until a person does something.
func forPerson(err error) bool {
	for _, e := range []error{ErrNoToken, ErrPassword, ErrMFA, ErrBlocked, errUnanswered} {
		if errors.Is(err, e) {
			return true
		}
	}
	_, expired := errors.AsType[*ExpiredError](err)
	_, wrong := errors.AsType[*WrongSerialError](err)
	return expired || wrong
}

func moment(t time.Time) string { return t.Local().Format("2006-01-02 15:04 MST") }
