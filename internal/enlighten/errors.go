package enlighten

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Errors that a caller may distinguish. The texts are for the user.
var (
	ErrNoToken     = errors.New("the gateway requires a token and there is none")
	ErrRefused     = errors.New("the gateway rejects the token")
	ErrPassword    = errors.New("user name or password of the Enphase account rejected")
	ErrMFA         = errors.New("the account has multi-factor authentication (MFA), which only a person can complete")
	ErrBlocked     = errors.New("the account is blocked by Enphase for now")
	ErrNoAccount   = errors.New("there is no account to obtain another")
	ErrUnreachable = errors.New("no connection to the Enphase cloud")
	ErrWebPage     = errors.New("the cloud answered with a web page: it is down, or limits logins")
	ErrForm        = errors.New("the login form of Enphase rejects the account: a wrong password, multi-factor authentication (MFA), or the form has changed")
	// ErrNotInstaller reports an account whose logins give tokens of other roles.
	ErrNotInstaller = errors.New("the account does not have the installer's role for this gateway")

	ErrNotToken = errors.New("not a token: a token has three parts, separated by dots, and begins with eyJ")
)

var (
	errUnanswered   = errors.New("the program ended three times before the cloud had answered a login")
	errInterrupted  = errors.New("the program was stopped or read its configuration again before the cloud had answered")
	errSame         = errors.New("the cloud returned the old token again")
	errJustNow      = errors.New("the last login was less than a minute ago")
	errThreeRefused = errors.New("three logins within a day were rejected")
	errNoField      = errors.New("no token in the page of the answer")
	errNoSession    = errors.New("no session in the answer")
	errStopped      = errors.New("the token source is stopped")
)

// A PausedError reports that no login is made before Until, because of Err.
type PausedError struct {
	Until time.Time
	Err   error
}

func (e *PausedError) Error() string {
	return fmt.Sprintf("%v; next login not before %s", e.Err, e.Until.Local().Format("2006-01-02 15:04:05 MST"))
}

func (e *PausedError) Unwrap() error { return e.Err }

// A FetchError reports a login that succeeded and returned no token.
type FetchError struct{ Err error }

func (e *FetchError) Error() string { return "fetch a token from Enphase: " + e.Err.Error() }
func (e *FetchError) Unwrap() error { return e.Err }

// A SuspendedError reports that no login is made for an account, whatever its
// password, because three were rejected.
type SuspendedError struct {
	Last time.Time // latest login
	Err  error     // why it was rejected; nil if the cloud did not respond
}

func (e *SuspendedError) Error() string {
	text := fmt.Sprintf("%v, the last at %s", e.Unwrap()[0], formatMinute(e.Last))
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the causes.
func (e *SuspendedError) Unwrap() []error {
	if e.Err == nil {
		return []error{errUnanswered}
	}
	return []error{errThreeRefused, e.Err}
}

// An expiredError reports that the only token has expired.
type expiredError struct{ At time.Time }

func (e *expiredError) Error() string {
	return fmt.Sprintf("token expired on %s", formatMinute(e.At))
}

// A wrongSerialError reports a token for another gateway.
type wrongSerialError struct {
	Serial string // of the gateway
	Token  string // in the token, empty if it is not a serial number
}

func (e *wrongSerialError) Error() string {
	return fmt.Sprintf("token is for gateway %s, not for %s", cmp.Or(e.Token, "unknown"), e.Serial)
}

// Problem returns the serial number of the token.
func (e *wrongSerialError) Problem() any { return e.Token }

// A statusError is a response of the cloud with an HTTP status other than success.
type statusError struct {
	Code       int
	RetryAfter time.Duration // that the cloud asks for, 0 if it does not
}

// Problem returns the HTTP status.
func (e *statusError) Problem() any { return e.Code }

func (e *statusError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("answer %d %s", e.Code, http.StatusText(e.Code)))
}

// needsUser reports whether err remains until the user does something.
func needsUser(err error) bool {
	for _, e := range []error{ErrNoToken, ErrPassword, ErrMFA, ErrBlocked, ErrForm, ErrNotInstaller, errUnanswered} {
		if errors.Is(err, e) {
			return true
		}
	}
	_, expired := errors.AsType[*expiredError](err)
	_, wrong := errors.AsType[*wrongSerialError](err)
	return expired || wrong
}

func formatMinute(t time.Time) string { return t.Local().Format("2006-01-02 15:04 MST") }

func invalidSerialError(s string) error {
	return fmt.Errorf("gateway serial %q is not 6 to 32 letters and digits", s)
}
