package bridge

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/problem"
)

// denials are what a broker refuses over one connection: a quota that is used
// up, an access list. Its zero value is ready.
type denials struct {
	logged problem.Set
	retry  <-chan time.Time // when all that stands is told again; nil when nothing was refused since
}

// retryIn is how long after a refusal all is told again.
const retryIn = time.Minute

// add takes note of a refusal and reports whether it is of a new kind.
func (d *denials) add(err error) (news bool) {
	if d.retry == nil {
		d.retry = time.After(retryIn)
	}
	return d.logged.Add(err)
}

// over reports, once, that what had been refused was taken.
func (d *denials) over() bool {
	if d.retry != nil || d.logged.IsEmpty() {
		return false
	}
	d.logged.Clear()
	return true
}
