package limittest

import (
	"slices"
	"time"
)

// A timeline has what will happen.
type timeline struct {
	now  time.Duration
	todo []todo // in order of their times
}

// A todo is something that will happen.
type todo struct {
	at time.Duration
	do func()
}

// after lets something happen later. Of the same time, it happens last.
func (t *timeline) after(d time.Duration, do func()) {
	at := t.now + d
	i := len(t.todo)
	for i > 0 && t.todo[i-1].at > at {
		i--
	}
	t.todo = slices.Insert(t.todo, i, todo{at, do})
}

// next returns what happens now, if there is anything.
func (t *timeline) next() (do func(), ok bool) {
	if len(t.todo) == 0 || t.todo[0].at > t.now {
		return nil, false
	}
	do = t.todo[0].do
	t.todo = t.todo[1:]
	return do, true
}
