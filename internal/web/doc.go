// Package web serves a page that shows the gateways in a browser, and its API.
//
// Readings are handed to a [Server] by methods that store them and return at once.
// Nothing is computed or encoded before a client asks for it.
package web
