// Package state keeps what must outlive the process in files of one folder,
// STATE_DIR.
package state
