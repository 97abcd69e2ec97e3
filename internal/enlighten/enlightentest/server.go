package enlightentest

import (
	"context"
	"net"
	"net/http"
	"sync"
)

// A Server serves a [Cloud] over pipes in memory, inside and outside of a
// testing/synctest bubble. Its URLs use https, because package enlighten requires
// that, but the connections use no TLS. To test TLS, use httptest.NewTLSServer.
type Server struct {
	LoginURL, TokenURL, FormURL string

	srv   http.Server
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
	tr    http.Transport

	mu   sync.Mutex // guards the fields below
	fail error
}

// NewServer starts a server. The caller must call Close.
func NewServer(h http.Handler) *Server {
	s := &Server{
		LoginURL: "https://enlighten.example" + LoginPath,
		TokenURL: "https://entrez.example" + TokenPath,
		FormURL:  "https://entrez.example" + FormPath,
		conns:    make(chan net.Conn),
		done:     make(chan struct{}),
	}
	s.srv.Handler = h
	s.tr.DialTLSContext = s.dial
	go func() { _ = s.srv.Serve((*listener)(s)) }() // ends with ErrServerClosed at Close
	return s
}

// Client returns a client that sends all requests to the server.
func (s *Server) Client() *http.Client { return &http.Client{Transport: &s.tr} }

// Fail makes all connections fail with err. A nil err ends that.
func (s *Server) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
	s.tr.CloseIdleConnections()
}

// Close ends the server and its connections.
func (s *Server) Close() {
	s.tr.CloseIdleConnections()
	s.srv.Close()
}

func (s *Server) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	s.mu.Lock()
	fail := s.fail
	s.mu.Unlock()
	if fail != nil {
		return nil, fail
	}
	client, server := net.Pipe()
	select {
	case s.conns <- server:
		return client, nil
	case <-s.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type listener Server

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}
func (l *listener) Close() error   { l.once.Do(func() { close(l.done) }); return nil }
func (l *listener) Addr() net.Addr { return &net.UnixAddr{Name: "cloud", Net: "pipe"} }
