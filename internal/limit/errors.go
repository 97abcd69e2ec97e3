package limit

import (
	"errors"
	"slices"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/powerlimit"
)

// notWritten are the errors after which nothing was written. After any other error of
// a write the setting may have changed.
var notWritten = []error{
	powerlimit.ErrNeedsInstaller, envoy.ErrUnsupported, powerlimit.ErrUnknownLayout, powerlimit.ErrFirmwareChanged, powerlimit.ErrOtherGateway,
}

// wasNotWritten reports whether err means that a write has had no effect.
func wasNotWritten(err error) bool {
	return slices.ContainsFunc(notWritten, func(known error) bool { return errors.Is(err, known) })
}

// isRefusal reports whether a request need not be repeated soon after err. A gateway
// that had a setting and now answers that it does not is about to restart, or busy.
func isRefusal(err error) bool { return errors.Is(err, powerlimit.ErrNeedsInstaller) }

// isFirmwareChange reports whether the setting has to stay as it is: the firmware is not
// that of the lease any more.
func isFirmwareChange(err error) bool { return errors.Is(err, powerlimit.ErrFirmwareChanged) }
