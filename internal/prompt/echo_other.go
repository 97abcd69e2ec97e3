//go:build !linux && !darwin

package prompt

// stopEcho does nothing: term.ReadPassword hides what is typed.
func stopEcho(int) error { return nil }
