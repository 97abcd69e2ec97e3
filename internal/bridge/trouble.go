package bridge

import (
	"errors"
	"net"
	"net/url"
	"strconv"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// trouble is what is the same of errors that differ in the page that was asked
// for, or in when a token may come.
func trouble(err error) string {
	kind := envoy.FailureOf(err)
	op, network := errors.AsType[*net.OpError](err)
	status, answered := errors.AsType[*envoy.StatusError](err)
	request, asked := errors.AsType[*url.Error](err)
	switch {
	case kind == envoy.FailureTimeout, kind == envoy.FailureToken: // what is wrong with a token, its source tells
		return string(kind)
	case network:
		return op.Err.Error()
	case kind == envoy.FailureStatus && answered:
		return strconv.Itoa(status.Code)
	case asked:
		return request.Err.Error()
	}
	return err.Error()
}
