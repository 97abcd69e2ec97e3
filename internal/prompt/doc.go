// Package prompt asks a person questions, on a terminal or from a pipe.
package prompt
