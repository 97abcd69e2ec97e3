package envoy

// A Told is what a device tells of itself, or leaves out. The zero value is
// what was left out; a zero that was told is a measurement.
type Told[T any] struct {
	value T
	ok    bool
}

// Tell returns v as told.
func Tell[T any](v T) Told[T] { return Told[T]{v, true} }

// Get returns what was told, if it was.
func (t Told[T]) Get() (T, bool) { return t.value, t.ok }

// or returns t or, where t was left out, other.
func (t Told[T]) or(other Told[T]) Told[T] {
	if t.ok {
		return t
	}
	return other
}

// told returns n in our unit, if it is a number.
func (n number) told(unit float64) Told[float64] {
	if n.kind != numeric {
		return Told[float64]{}
	}
	return Tell(n.value*unit + 0) // -0 + 0 = 0
}

// A truth is a JSON boolean that may be missing or something else.
type truth struct{ Told[bool] }

// UnmarshalJSON never fails.
func (t *truth) UnmarshalJSON(b []byte) error {
	t.Told = Told[bool]{}
	if s := string(b); s == "true" || s == "false" {
		t.Told = Tell(s == "true")
	}
	return nil
}

// validPart reports whether s may be the serial number of something behind the
// gateway: it becomes an MQTT topic level. Some are shorter than any gateway's.
func validPart(s string) bool {
	for _, r := range s {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') {
			return false
		}
	}
	return s != "" && len(s) <= 32
}
