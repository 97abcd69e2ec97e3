package webtest

import "net/http"

// Header returns a function that sets a header of a request, also the host.
func Header(name, value string) func(*http.Request) {
	return func(r *http.Request) {
		if name == "Host" {
			r.Host = value
		}
		r.Header.Set(name, value)
	}
}

// From returns a function that sets the address of the client of a request.
func From(addr string) func(*http.Request) {
	return func(r *http.Request) { r.RemoteAddr = addr }
}
