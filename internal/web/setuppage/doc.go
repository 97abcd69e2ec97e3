// Package setuppage serves the steps of an installation as a page that needs no
// script, protected by a one-time code.
package setuppage
