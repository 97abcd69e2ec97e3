package wire

// An Optional is a value that a device may leave out. The zero value was left
// out; a zero that is present is a measurement.
type Optional[T any] struct {
	value T
	ok    bool
}

// Some returns v as present.
func Some[T any](v T) Optional[T] { return Optional[T]{v, true} }

// Get returns the value, and whether it is present.
func (o Optional[T]) Get() (T, bool) { return o.value, o.ok }

// Or returns o or, where o was left out, other.
func (o Optional[T]) Or(other Optional[T]) Optional[T] {
	if o.ok {
		return o
	}
	return other
}
