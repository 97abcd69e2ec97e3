package limit

import (
	"errors"
	"slices"
)

// Errors of requests that the machine distinguishes. After one of them nothing was
// written. After any other error of a write the setting may have changed.
var (
	ErrNeedsRole   = errors.New("needs installer role")
	ErrUnsupported = errors.New("the gateway does not have this setting")
	ErrLayout      = errors.New("the gateway has this setting in an unknown format")
	ErrFirmware    = errors.New("the firmware of the gateway has changed")
	ErrOther       = errors.New("another gateway answers")
)

// wasNotWritten reports whether err means that a write has had no effect.
func wasNotWritten(err error) bool {
	return slices.ContainsFunc([]error{ErrNeedsRole, ErrUnsupported, ErrLayout, ErrFirmware, ErrOther}, func(known error) bool { return errors.Is(err, known) })
}

// isRefusal reports whether a request need not be repeated soon after err. A gateway
// that had a setting and now answers that it does not is about to restart, or busy.
func isRefusal(err error) bool { return errors.Is(err, ErrNeedsRole) }
