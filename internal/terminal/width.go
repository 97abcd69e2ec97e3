package terminal

import (
	"os"

	"golang.org/x/term"
)

// The limits of the width, in columns.
const (
	DefaultWidth   = 80  // of what is not a terminal
	MaxWidth       = 100 // above, lines of text become hard to read
	minWidth       = 40  // below, text is wrapped as for minWidth
	minLayoutWidth = 20  // below, columns are laid out as for minLayoutWidth
)

// IsTerminal reports whether f is a terminal.
func IsTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// LayoutWidth returns for how many columns tables and screens on f are laid out.
func LayoutWidth(f *os.File) int { return max(width(f), minLayoutWidth) }

// WrapWidth returns for how many columns text on f is wrapped.
func WrapWidth(f *os.File) int { return min(max(width(f), minWidth), MaxWidth) }

// width returns the width of the terminal f, DefaultWidth if it is unknown.
func width(f *os.File) int {
	if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
		return w
	}
	return DefaultWidth
}
