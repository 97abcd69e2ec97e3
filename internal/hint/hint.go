// Package hint adds to errors what the user can do about them.
package hint

import (
	"errors"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/powerlimit"
)

const (
	setAccount = "set USERNAME and PASSWORD of the Enphase account, or TOKEN"
	setToken   = "get a token at https://entrez.enphaseenergy.com/ (choose the system and the gateway)"
)

// hints say what to do about errors of packages that know neither commands nor
// configuration keys. The first that applies is used.
var hints = []struct {
	err  error
	hint string
}{
	{envoy.ErrNotFound, "set HOST to the gateway's address, which the router shows"},
	{envoy.ErrSeveral, "set SERIAL to the one to read"},
	{envoy.ErrReplaced, "if the gateway was replaced, set SERIAL to the new one"},
	{envoy.ErrNotGateway, "set HOST to the gateway's address; envoy-mqtt discover lists gateways"},
	{envoy.ErrLocalUser, "set USERNAME = envoy and PASSWORD = the last six digits of the serial number, unless they were changed"},
	{envoy.ErrTokenRejected, "set TOKEN to a new one"},
	{envoy.ErrNoTokenSource, setAccount},
	{envoy.ErrNoSource, "set SOURCE = auto"},
	{envoy.ErrNoCT, "set SOURCE = auto"},
	{envoy.ErrNoLiveData, "set SOURCE = auto"},
	{envoy.ErrNoModbus, "ask the installer or Enphase support to enable Modbus TCP, or set SOURCE = auto"},
	{envoy.ErrNoSunSpec, "set SOURCE = auto"},
	{envoy.ErrCorrection, "correct POWER_MULTIPLIER and POWER_OFFSET"},
	{powerlimit.ErrNeedsInstaller, "set USERNAME and PASSWORD of an account with the installer's role, which your installer or Enphase gives, then run envoy-mqtt token --renew"},
	{enlighten.ErrNotInstaller, "ask your installer or Enphase for the role, then run envoy-mqtt token --renew"},
	{enlighten.ErrNoToken, setAccount},
	{enlighten.ErrNoAccount, "set a new TOKEN, or USERNAME and PASSWORD of the Enphase account"},
	{enlighten.ErrPassword, "correct USERNAME and PASSWORD"},
	{enlighten.ErrForm, "correct USERNAME and PASSWORD"},
	{enlighten.ErrMFA, setToken + " and run envoy-mqtt token --paste, or set TOKEN"},
	{enlighten.ErrBlocked, "log in at https://enlighten.enphaseenergy.com/ to see why"},
}

// Add returns err with a hint what to do, or err itself if there is none.
func Add(err error) error {
	if hint := hintFor(err); hint != "" {
		return &hintError{err, hint}
	}
	return err
}

// hintFor returns the hint for err, "" if there is none or err contains it already.
func hintFor(err error) string {
	if _, ok := errors.AsType[*hintError](err); ok {
		return ""
	}
	if _, ok := errors.AsType[*config.MissingError](err); ok {
		return "run envoy-mqtt init to write one, or envoy-mqtt demo to try the program without"
	}
	if e, ok := errors.AsType[*envoy.PinError](err); ok {
		return "if the gateway was replaced or reset, set FINGERPRINT = sha256:" + e.Got + "; else something other than the gateway answers at its address"
	}
	if e, ok := errors.AsType[*envoy.UntrustedError](err); ok {
		return "set FINGERPRINT = sha256:" + e.Fingerprint + " to accept this one only, or VERIFY_SSL = false to accept any"
	}
	if _, ok := errors.AsType[*enlighten.SuspendedError](err); ok && !errors.Is(err, enlighten.ErrMFA) {
		return "correct USERNAME and PASSWORD, then confirm them with envoy-mqtt token --renew"
	}
	for _, h := range hints {
		if errors.Is(err, h.err) {
			return h.hint
		}
	}
	if _, ok := errors.AsType[*enlighten.FetchError](err); ok {
		return "until that works, " + setToken + " and set TOKEN"
	}
	return ""
}

// A hintError is an error with a hint what to do.
type hintError struct {
	err  error
	hint string
}

func (e *hintError) Error() string { return e.err.Error() + "; " + e.hint }
func (e *hintError) Unwrap() error { return e.err }
