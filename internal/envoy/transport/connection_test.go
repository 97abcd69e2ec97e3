package transport

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A script is a server that says, on each connection, one text for each
// request it has read, and then hangs up.
type script [][]string

// dial returns the next connection.
func (s *script) dial(context.Context, string, string) (net.Conn, error) {
	if len(*s) == 0 {
		return nil, errors.New("no more connections")
	}
	says := s.next()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer l.Close()
	ours, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return nil, err
	}
	theirs, err := l.Accept()
	if err != nil {
		return nil, err
	}
	go serveTexts(theirs, says)
	return ours, nil
}

// pipe is dial for a synctest bubble.
func (s *script) pipe(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	go serveTexts(theirs, s.next())
	return ours, nil
}

// next removes the texts of the next connection.
func (s *script) next() (says []string) {
	says, *s = (*s)[0], (*s)[1:]
	return says
}

// serveTexts says one text for each request, until either side has hung up.
func serveTexts(conn net.Conn, says []string) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for _, text := range says {
		req, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, req.Body)
		_, _ = io.WriteString(conn, text) // a reader that has left ends the connection
	}
}

func TestConnection(t *testing.T) {
	const (
		ok      = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
		chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
		closing = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello"
		old     = "HTTP/1.0 200 OK\r\n\r\nhello"
		waiting = "HTTP/1.1 100 Continue\r\n\r\n" + ok
		late    = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
		short   = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"
		half    = "HTTP/1.1 200 O"
	)
	for _, tt := range []struct {
		name   string
		server script
		want   []string // of requests in a row: the body, or words of the error
		left   int      // connections
	}{
		{"one connection", script{{ok, chunked, waiting, ok}}, []string{"hello", "hello", "hello", "hello"}, 0},
		{"the server ends them", script{{closing}, {old}, {ok}}, []string{"hello", "hello", "hello"}, 0},
		{"it was closed meanwhile", script{{ok}, {ok}, {ok}}, []string{"hello", "hello", "hello"}, 0},
		{"408 while idle", script{{ok + late}, {ok}}, []string{"hello", "hello"}, 0},
		{"408 during the request", script{{ok, late}, {ok}}, []string{"hello", "408", "hello"}, 0},
		{"408 at once", script{{late}, {ok}}, []string{"408", "hello"}, 0},
		{"no answer at all", script{{""}, {ok}}, []string{"EOF", "hello"}, 0},
		{"closed and then no answer", script{{ok}, {""}, {ok}}, []string{"hello", "EOF", "hello"}, 0},
		{"half a body", script{{short}, {ok}}, []string{"unexpected EOF", "hello"}, 0},
		{"half a header is not asked for again", script{{ok, half}, {ok}}, []string{"hello", "unexpected EOF"}, 1},
		{"no HTTP", script{{"SSH-2.0-dropbear\r\n"}, {ok}}, []string{"malformed", "hello"}, 0},
		{"a header without end", script{{"HTTP/1.1 200 OK\r\n" + strings.Repeat("X: filler\r\n", 10_000)}, {ok}}, []string{"headers exceeded 65536 bytes", "hello"}, 0},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			t.Run(tt.name+" "+method, func(t *testing.T) {
				server := tt.server
				tr := newRoundTripper(options{Dial: server.dial})
				defer tr.CloseIdleConnections()
				for i, want := range tt.want {
					if got := say(t.Context(), tr, method); got != want && (got == "hello" || !strings.Contains(got, want)) {
						t.Errorf("request %d = %s, want %s", i+1, got, want)
					}
				}
				if len(server) != tt.left {
					t.Errorf("%d connections are left, want %d", len(server), tt.left)
				}
			})
		}
	}
}

// TestMoreThanAnswer checks that a connection with more than the answer is not used again.
func TestMoreThanAnswer(t *testing.T) {
	const (
		ok    = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
		large = "HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n"
	)
	page := strings.Repeat("page", 1024)
	for _, tt := range []struct{ name, first, want string }{
		{"an answer too many", ok + strings.Replace(ok, "hello", "wrong", 1), "hello"},
		{"more than it said, found later", large + page + "junk!", page},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			t.Run(tt.name+" "+method, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					server := script{{tt.first, ok}, {ok}}
					tr := newRoundTripper(options{Dial: server.pipe})
					defer tr.CloseIdleConnections()
					for i, want := range []string{tt.want, "hello"} {
						if got := say(t.Context(), tr, method); got != want {
							t.Errorf("request %d = %s, want %s", i+1, got, want)
						}
						synctest.Wait() // until what follows the answer is read
					}
					if len(server) > 0 {
						t.Errorf("%d connections are left, want none", len(server))
					}
				})
			})
		}
	}
}

// say asks over tr and returns the body, the status that is not 200 or the error.
func say(ctx context.Context, tr *roundTripper, method string) string {
	req, err := http.NewRequestWithContext(ctx, method, "http://gateway/", strings.NewReader(`{"enable":1}`))
	if err != nil {
		return err.Error()
	}
	if method == http.MethodGet {
		req.Body, req.GetBody, req.ContentLength = nil, nil, 0
	} else {
		req.Header["Idempotency-Key"] = nil // as [Request.send] has it
	}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return resp.Status
	}
	var body bytes.Buffer
	if err := readBody(resp, &body); err != nil {
		return err.Error()
	}
	return body.String()
}

// TestConnectionBound: a request ends with its context, wherever it is, and the
// next one has a connection of its own.
func TestConnectionBound(t *testing.T) {
	for name, says := range map[string]string{
		"before the answer": "",
		"in the header":     "HTTP/1.1 200 OK\r\n",
		"in the body":       "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dials := 0
				tr := newRoundTripper(options{Dial: func(context.Context, string, string) (net.Conn, error) {
					dials++
					ours, theirs := net.Pipe()
					go func() {
						_, _ = http.ReadRequest(bufio.NewReader(theirs))
						_, _ = io.WriteString(theirs, says)
						_, _ = io.Copy(io.Discard, theirs) // until ours is closed
					}()
					return ours, nil
				}})
				for i := range 2 {
					cause := errors.New("patience is at its end")
					ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, cause)
					start := time.Now()
					if got := say(ctx, tr, http.MethodGet); got != cause.Error() || time.Since(start) != time.Minute {
						t.Errorf("%s after %v, want %v after a minute", got, time.Since(start), cause)
					}
					cancel()
					if dials != i+1 {
						t.Errorf("%d connections for %d requests", dials, i+1)
					}
				}
			})
		})
	}
}

// TestConnectionTurn: a request that waits for the connection can be cancelled,
// and a body that is closed makes way.
func TestConnectionTurn(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
	server := script{{ok}, {ok}}
	tr := newRoundTripper(options{Dial: server.dial})
	defer tr.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://gateway/", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	tr.CloseIdleConnections() // is none
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := say(ctx, tr, http.MethodGet); got != context.Canceled.Error() {
		t.Errorf("a second request at the same time = %s, want it to wait until it is cancelled", got)
	}
	resp.Body.Close()
	if got := say(t.Context(), tr, http.MethodGet); got != "hello" {
		t.Errorf("the next request = %s", got)
	}
}

// TestUnasked: a server of another protocol speaks first.
func TestUnasked(t *testing.T) {
	tr := newRoundTripper(options{Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			_, _ = io.WriteString(theirs, "SSH-2.0-dropbear\r\n")
			_, _ = io.Copy(io.Discard, theirs) // until ours is closed
		}()
		return ours, nil
	}})
	if got := say(t.Context(), tr, http.MethodGet); !strings.Contains(got, errUnasked.Error()) && !strings.Contains(got, "malformed HTTP response") {
		t.Errorf("GET from an SSH server = %s", got)
	}
}
