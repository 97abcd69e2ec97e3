package web

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// maxBody limits the body of a request. A token has about 2 kB.
const maxBody = 16 << 10

// secure sets the headers that every response has, and refuses requests of other
// sites and those for names that are not ours.
func (s *Server) secure(next http.Handler) http.Handler {
	next = http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ancestors := "'none'"
		if s.isIngress(r) {
			ancestors = "'self'"
		}
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors "+ancestors)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if !s.isOurHost(r) {
			writeError(w, http.StatusMisdirectedRequest, "this host name is not allowed; add it to HOSTS under [HTTP]")
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// isOurHost reports whether the Host header names this machine: with DNS rebinding
// a foreign site reaches it under a name of its own. The header that arrives by
// ingress is that of Home Assistant, which has checked it.
func (s *Server) isOurHost(r *http.Request) bool {
	if s.isIngress(r) {
		return true
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return host == "localhost" || strings.HasSuffix(host, ".local") ||
		slices.ContainsFunc(s.Access.Hosts, func(name string) bool { return strings.EqualFold(name, host) })
}

// isIngress reports whether the request was forwarded by Home Assistant's
// Supervisor, which lets only users of Home Assistant pass. Anybody can send the
// header, so that the address of the peer decides.
func (s *Server) isIngress(r *http.Request) bool {
	return s.Access.Supervisor.IsValid() && peer(r) == s.Access.Supervisor && r.Header.Get("X-Ingress-Path") != ""
}

// peer returns the address of the client, or the zero Addr.
func peer(r *http.Request) netip.Addr {
	addr, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return addr.Addr().Unmap()
}

// allowOrigins lets the configured origins read a response in a browser.
func (s *Server) allowOrigins(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(s.Access.Origins) > 0 {
			w.Header().Add("Vary", "Origin")
		}
		if origin := r.Header.Get("Origin"); origin != "" && slices.Contains(s.Access.Origins, origin) {
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
		}
		next.ServeHTTP(w, r)
	})
}
