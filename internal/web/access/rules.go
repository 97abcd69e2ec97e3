package access

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// MaxBody limits the body of a request. A token has about 2 kB.
const MaxBody = 16 << 10

// Rules limit who may use a page. The zero value allows every client that uses an
// address, localhost or a name in .local.
type Rules struct {
	Hosts      []string   // further names in the Host header
	Origins    []string   // origins that may read a response in a browser (CORS); "*" is not special
	Supervisor netip.Addr // peer whose requests are Home Assistant's ingress; the zero Addr: no ingress
	// Refuse writes the response to a request with a host name that is not allowed.
	Refuse func(w http.ResponseWriter, code int)
}

// Protect sets the headers that every response has, and refuses requests of other
// sites and those for names that are not ours.
func (a *Rules) Protect(next http.Handler) http.Handler {
	next = http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ancestors := "'none'"
		if a.IsIngress(r) {
			ancestors = "'self'"
		}
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors "+ancestors)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		if isTrustworthy(r) { // else browsers ignore it with an error
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
		}
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if !a.isOurHost(r) {
			a.Refuse(w, http.StatusMisdirectedRequest)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
		next.ServeHTTP(w, r)
	})
}

// isOurHost reports whether the Host header names this machine: with DNS rebinding
// a foreign site reaches it under a name of its own. The header that arrives by
// ingress is that of Home Assistant, which has checked it.
func (a *Rules) isOurHost(r *http.Request) bool {
	if a.IsIngress(r) {
		return true
	}
	host := hostName(r)
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return host == "localhost" || strings.HasSuffix(host, ".local") ||
		slices.ContainsFunc(a.Hosts, func(name string) bool { return strings.EqualFold(name, host) })
}

// hostName returns the host of the request without port, brackets and final dot.
func hostName(r *http.Request) string {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}

// isTrustworthy reports whether browsers treat the origin of the request as secure: by
// TLS, here or at a proxy, or because it is this machine.
func isTrustworthy(r *http.Request) bool {
	host := hostName(r)
	addr, err := netip.ParseAddr(host)
	return isEncrypted(r) || host == "localhost" || err == nil && addr.IsLoopback()
}

// isEncrypted reports whether the browser uses TLS, here or at a proxy.
func isEncrypted(r *http.Request) bool {
	return r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https"
}

// IsIngress reports whether the request was forwarded by Home Assistant's
// Supervisor, which lets only users of Home Assistant pass. Anybody can send the
// header, so that the address of the peer decides.
func (a *Rules) IsIngress(r *http.Request) bool {
	return a.Supervisor.IsValid() && peer(r) == a.Supervisor && r.Header.Get("X-Ingress-Path") != ""
}

// peer returns the address of the client, or the zero Addr.
func peer(r *http.Request) netip.Addr {
	addr, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return addr.Addr().Unmap()
}

// AllowOrigins lets the configured origins read a response in a browser.
func (a *Rules) AllowOrigins(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(a.Origins) > 0 {
			w.Header().Add("Vary", "Origin")
		}
		if origin := r.Header.Get("Origin"); origin != "" && slices.Contains(a.Origins, origin) {
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
		}
		next.ServeHTTP(w, r)
	})
}
