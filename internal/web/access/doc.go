// Package access decides who may use a page of the program: by host name, by origin,
// by a secret and its session.
package access
