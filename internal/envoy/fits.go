package envoy

import (
	"bytes"
	"context"
	"errors"
	"time"
)

// A formatError is an error about a body that is not in the format of its path.
type formatError struct{ error }

func (e *formatError) Unwrap() error { return e.error }

// hasFormat reports whether err, of parsing a body, leaves it in the format of
// its path.
func hasFormat(err error) bool {
	_, other := errors.AsType[*formatError](err)
	_, page := errors.AsType[*htmlError](err)
	return !other && !page
}

// parsed returns the response to get, parsed. What is not in the format of its
// path does not fit.
func parsed[T any](get func(fits) ([]byte, error), parse func([]byte) (T, error)) (T, error) {
	var v T
	var err error
	_, failed := get(func(body []byte) bool {
		v, err = parse(body)
		return hasFormat(err)
	})
	if failed != nil {
		var none T
		return none, failed
	}
	return v, err
}

// getReading is get and parse. A reading that is older than the one before does
// not fit either; where it is read again, the gateway's clock was set back.
func (s *Session) getReading(ctx context.Context, path string, parse func([]byte) (reading, error)) (reading, error) {
	var r reading
	var err error
	_, failed := s.get(ctx, path, func(body []byte) bool {
		r, err = parse(body)
		return hasFormat(err) && !r.empty && (r.time().IsZero() || !r.time().Before(s.newest[path]))
	})
	if failed != nil {
		return reading{}, failed
	}
	if err == nil {
		if s.newest == nil {
			s.newest = map[string]time.Time{}
		}
		s.newest[path] = r.time()
	}
	return r, err
}

// time returns the gateway's time of r; zero when it tells none.
func (r *reading) time() time.Time {
	if r.at.IsZero() {
		return r.reported
	}
	return r.at
}

// notData reports whether body can be the response to checkPath, which is a
// page whose words differ and which may be empty. Everything else is JSON, or
// the XML of /info.
func notData(body []byte) bool {
	body = bytes.TrimSpace(body)
	return !bytes.HasPrefix(body, []byte("{")) && !bytes.HasPrefix(body, []byte("[")) && !bytes.HasPrefix(body, []byte("<?xml"))
}
