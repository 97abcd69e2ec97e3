// Package problem decides whether two errors are the same problem, so that each
// problem is logged once.
package problem

import (
	"fmt"
	"reflect"
	"slices"
)

// An identified error names the problem that it reports. Errors of one type are
// the same problem if the results of Problem are equal. It hides the errors that
// it wraps.
type identified interface {
	error
	Problem() any // comparable
}

// Same reports whether a and b are the same problem: whether their causes are
// equal, whatever was being done and whichever addresses took part.
func Same(a, b error) bool { return slices.Equal(causes(a), causes(b)) }

// A cause is an error that wraps no other error.
type cause struct {
	kind  reflect.Type // nil for a timeout
	value any          // comparable; nil if only the type counts
}

// causes returns the causes of err, in the order of the errors that it wraps.
func causes(err error) []cause {
	if err == nil {
		return nil
	}
	if e, ok := err.(identified); ok { //nolint:errorlint // this function unwraps step by step
		return []cause{{reflect.TypeOf(err), e.Problem()}}
	}
	if e, ok := err.(interface{ Timeout() bool }); ok && e.Timeout() {
		return []cause{{}}
	}
	switch e := err.(type) { //nolint:errorlint // likewise
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			return causes(inner)
		}
	case interface{ Unwrap() []error }:
		var all []cause
		for _, inner := range e.Unwrap() {
			for _, c := range causes(inner) {
				if !slices.Contains(all, c) {
					all = append(all, c)
				}
			}
		}
		return all
	}
	return []cause{{reflect.TypeOf(err), valueOf(err)}}
}

// plain is the type of the errors of errors.New.
var plain = reflect.TypeOf(fmt.Errorf(""))

// valueOf returns what distinguishes err from other errors of its type: the code
// of an error that is a number, such as syscall.ECONNREFUSED, and the constant
// text of a plain error, which says nothing but what is wrong; what varies
// belongs to the error that wraps it. Other errors may contain addresses or
// times, so that only their type counts.
func valueOf(err error) any {
	t := reflect.TypeOf(err)
	switch {
	case t == plain:
		return err.Error()
	case t.Comparable() && t.Kind() >= reflect.Bool && t.Kind() <= reflect.Float64:
		return err
	}
	return nil
}

// maxLogged limits the problems of a Set.
const maxLogged = 20

// A Set is the problems that have been logged. The zero value is empty.
type Set struct{ logged [][]cause }

// Add adds the problem of err and reports whether the set did not contain it. If
// the set is full, the oldest problem is dropped.
func (s *Set) Add(err error) (isNew bool) {
	c := causes(err)
	if slices.ContainsFunc(s.logged, func(other []cause) bool { return slices.Equal(c, other) }) {
		return false
	}
	if len(s.logged) >= maxLogged {
		s.logged = s.logged[1:]
	}
	s.logged = append(s.logged, c)
	return true
}

// Clear empties the set.
func (s *Set) Clear() { s.logged = nil }
