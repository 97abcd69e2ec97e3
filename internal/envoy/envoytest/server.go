package envoytest

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
)

// A Server serves a handler, a [Gateway] as a rule, as httptest.Server does.
// A Gateway that reboots, or whose firmware has no such port, is refused
// connections.
type Server struct {
	URL  string // http://gateway, or https://127.0.0.1:43210
	Addr string // host:port of URL

	handler    http.Handler
	scheme     string // "" for pipes, which every firmware listens on
	handshakes atomic.Int64
	tls        atomic.Pointer[tls.Config]
	transport  http.Transport

	turn sync.Mutex // held by the one that opens or closes the port
	mu   sync.Mutex // guards ln and srv
	ln   net.Listener
	srv  *http.Server
	open sync.WaitGroup // the accept loop and the connections
}

// NewServer starts a server over pipes in memory, which works inside a
// testing/synctest bubble as well as outside. The caller must Close it.
func NewServer(h http.Handler) *Server {
	return newServer(h, "", "gateway:80")
}

// NewPlainServer starts a server of http on a port of the loopback interface,
// as firmware below 7 is. The caller must Close it.
func NewPlainServer(h http.Handler) *Server {
	return newServer(h, "http", "127.0.0.1:0")
}

// NewTLSServer starts a server of https on a port of the loopback interface,
// with a self-signed certificate for envoy.local. The caller must Close it.
func NewTLSServer(h http.Handler) *Server {
	return newServer(h, "https", "127.0.0.1:0")
}

func newServer(h http.Handler, scheme, addr string) *Server {
	s := &Server{handler: h, scheme: scheme, Addr: addr, URL: "http://gateway"}
	s.transport.DialContext = s.Dial
	if scheme == "https" {
		s.transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} // its own server, and self-signed as the real ones
		s.configure(nil)
	}
	s.start()
	if scheme != "" {
		s.URL = scheme + "://" + s.Addr
	}
	return s
}

// Client returns a client whose every request goes to the server, by whatever
// name. It accepts any certificate and follows no redirects.
func (s *Server) Client() *http.Client {
	return &http.Client{
		Transport:     &s.transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Dial connects to the server, whatever the address.
func (s *Server) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	if s.scheme != "" {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", s.Addr)
	}
	s.mu.Lock()
	ln, _ := s.ln.(*pipes)
	s.mu.Unlock()
	if ln == nil || !s.admits() {
		return nil, errRefused
	}
	return ln.dial(ctx)
}

// Refuse closes the port and all connections, or opens the port again, the
// same one.
func (s *Server) Refuse(refuse bool) {
	s.turn.Lock()
	defer s.turn.Unlock()
	switch up := s.srv != nil; {
	case refuse && up:
		s.stop()
	case !refuse && !up:
		s.start()
	}
}

// Close ends the server and all its connections, and waits for them.
func (s *Server) Close() {
	s.transport.CloseIdleConnections()
	s.Refuse(true)
}

// admits asks the gateway whether it takes connections.
func (s *Server) admits() bool {
	g, ok := s.handler.(interface{ admit(scheme string) bool })
	return !ok || g.admit(s.scheme)
}

func (s *Server) start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	ln, err := s.listen()
	if err != nil {
		panic(fmt.Sprintf("envoytest: %v", err)) // as httptest: no test can go on without
	}
	s.ln = ln
	srv := &http.Server{
		Handler:   s.handler,
		ErrorLog:  log.New(io.Discard, "", 0), // handshakes that fail on purpose
		ConnState: s.state,
	}
	s.srv = srv
	s.open.Go(func() { _ = srv.Serve(ln) }) // ends with ErrServerClosed
}

func (s *Server) stop() {
	s.mu.Lock()
	srv := s.srv
	s.ln, s.srv = nil, nil
	s.mu.Unlock()
	_ = srv.Close()
	s.open.Wait()
}

// state counts connections, so that stop can wait for their goroutines. A new
// one is counted in the accept loop, which is counted itself.
func (s *Server) state(_ net.Conn, st http.ConnState) {
	switch st {
	case http.StateNew:
		s.open.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.open.Done()
	}
}

func (s *Server) listen() (net.Listener, error) {
	if s.scheme == "" {
		return newPipes(), nil
	}
	ln, err := net.Listen("tcp", s.Addr)
	if err != nil {
		return nil, err
	}
	if a := ln.Addr().String(); a != s.Addr { // the first time; Dial may read it afterwards
		s.Addr = a
	}
	ln = door{ln, s.admits}
	if s.scheme == "https" {
		ln = tls.NewListener(ln, &tls.Config{GetConfigForClient: s.greet})
	}
	return ln, nil
}

// A door resets the connections that are not admitted.
type door struct {
	net.Listener
	admits func() bool
}

func (d door) Accept() (net.Conn, error) {
	for {
		c, err := d.Listener.Accept()
		if err != nil || d.admits() {
			return c, err
		}
		abort(c)
	}
}

// errRefused is what net.Dialer says of a closed port.
var errRefused = &net.OpError{Op: "dial", Net: "pipe", Err: syscall.ECONNREFUSED}
