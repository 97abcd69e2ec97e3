//go:build linux || darwin

package prompt

import "golang.org/x/sys/unix"

// stopEcho makes the terminal fd hide what is typed. term.ReadPassword does the
// same, but only after the question was printed.
func stopEcho(fd int) error {
	t, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return err
	}
	t.Lflag &^= unix.ECHO
	return unix.IoctlSetTermios(fd, setTermios, t)
}
