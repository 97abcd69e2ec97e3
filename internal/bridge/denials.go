package bridge

import (
	"errors"
	"time"
)

// denials are what a broker refuses over one connection: a quota that is used
// up, an access list. Its zero value is ready.
type denials struct {
	said  map[reason]bool
	retry <-chan time.Time // when all that stands is told again; nil when nothing was refused since
}

// retryIn is how long after a refusal all is told again.
const retryIn = time.Minute

// add takes note of a refusal and reports whether it is of a new kind.
func (d *denials) add(err error) (news bool) {
	why, _ := errors.AsType[reason](err) // 0 when there was no answer
	if d.retry == nil {
		d.retry = time.After(retryIn)
	}
	if d.said == nil {
		d.said = map[reason]bool{}
	}
	news = !d.said[why]
	d.said[why] = true
	return news
}

// over reports, once, that what had been refused was taken.
func (d *denials) over() bool {
	if d.retry != nil || len(d.said) == 0 {
		return false
	}
	clear(d.said)
	return true
}
