package web

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A fakeClient is a connection in a synctest bubble.
type fakeClient struct {
	mu       sync.Mutex // guards the fields below
	header   http.Header
	body     bytes.Buffer
	deadline time.Time
	isStuck  bool // does not read: a write waits until the deadline
}

func (c *fakeClient) Header() http.Header             { return c.header }
func (c *fakeClient) WriteHeader(int)                 {}
func (c *fakeClient) FlushError() error               { return nil }
func (c *fakeClient) SetReadDeadline(time.Time) error { return nil }
func (c *fakeClient) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	return nil
}

func (c *fakeClient) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isStuck {
		time.Sleep(time.Until(c.deadline))
		return 0, errors.New("i/o timeout")
	}
	return c.body.Write(b)
}

func (c *fakeClient) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.body.String()
}

// connect starts a request for events. The channel is closed at its end.
func connect(ctx context.Context, h http.Handler, path string, c *fakeClient) <-chan struct{} {
	c.header = http.Header{}
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "http://localhost"+path, nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.ServeHTTP(c, r)
	}()
	return done
}

func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		h := s.Handler()
		ctx, cancel := context.WithCancel(t.Context())
		var live, page fakeClient
		done := connect(ctx, h, "/api/events", &live)
		pageDone := connect(ctx, h, "/api/events?view=page", &page)
		synctest.Wait()
		if got := live.text(); got != "retry: 2000\n\n:\n\n" {
			t.Errorf("before the first reading: %q", got)
		}
		s.setSample("ENVOY", sample(time.Now()))
		time.Sleep(time.Second)
		if got := live.text(); strings.Count(got, "event: live\ndata: {") != 1 || !strings.Contains(got, `"grid":{"power":-3229,`) || !strings.Contains(got, `"serial":"482207014533","age":0.2}`) {
			t.Errorf("after a reading: %q", got)
		}
		if got := page.text(); strings.Count(got, "event: page\n") != 2 || !strings.Contains(got, `"late":"new"`) || !strings.Contains(got, `"produced":31.4`) {
			t.Errorf("the page: %q", got)
		}
		time.Sleep(heartbeatInterval)
		if got := page.text(); strings.Count(got, "event: page\n") < 3 {
			t.Error("no heartbeat")
		}
		if got := live.text(); strings.Count(got, "event: live\n") != 1 || strings.Count(got, ":\n\n") < 2 {
			t.Errorf("a reading was sent twice, or no heartbeat: %q", got)
		}
		cancel()
		<-done
		<-pageDone
		if n := countStreams(s); n != 0 {
			t.Errorf("%d streams remain", n)
		}
	})
}

// TestSlowReader checks that a client that does not read is dropped, and delays
// neither readings nor others.
func TestSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		h := s.Handler()
		slow, quick := fakeClient{isStuck: true}, fakeClient{}
		start := time.Now()
		dropped := connect(t.Context(), h, "/api/events", &slow)
		ctx, cancel := context.WithCancel(t.Context())
		done := connect(ctx, h, "/api/events", &quick)
		for range 5 {
			s.setSample("ENVOY", sample(time.Now()))
			time.Sleep(time.Second)
		}
		if n := strings.Count(quick.text(), "event: live\n"); n != 5 {
			t.Errorf("%d events beside a slow client, want 5", n)
		}
		<-dropped
		if took := time.Since(start); took != eventTimeout {
			t.Errorf("dropped after %v, want %v", took, eventTimeout)
		}
		cancel()
		<-done
	})
}

// TestStreamLimit checks that the client which has been idle longest makes room.
func TestStreamLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		h := s.Handler()
		ctx, cancel := context.WithCancel(t.Context())
		clients, done := make([]fakeClient, maxStreams+1), make([]<-chan struct{}, maxStreams+1)
		for i := range maxStreams {
			clients[i].isStuck = i == 40
			done[i] = connect(ctx, h, "/api/events", &clients[i])
		}
		time.Sleep(time.Second)
		s.setSample("ENVOY", sample(time.Now())) // all others receive it
		time.Sleep(time.Second)
		done[maxStreams] = connect(ctx, h, "/api/events", &clients[maxStreams])
		synctest.Wait()
		if n := countStreams(s); n != maxStreams {
			t.Errorf("%d streams, want %d", n, maxStreams)
		}
		<-done[40]
		for i := range done {
			select {
			case <-done[i]:
				if i != 40 {
					t.Errorf("client %d was closed", i)
				}
			default:
			}
		}
		cancel()
		for _, d := range done {
			<-d
		}
	})
}

// TestManyClients has more real connections than the limit. None of them gets an
// error, and readings are not delayed.
func TestManyClients(t *testing.T) {
	s := newServer()
	srv := httptest.NewUnstartedServer(s.Handler())
	srv.Config.ReadTimeout, srv.Config.WriteTimeout = 5*time.Second, 10*time.Second // as package monitor
	srv.Start()
	defer srv.Close()
	defer srv.CloseClientConnections()
	for range 2 * maxStreams {
		resp, err := srv.Client().Get(srv.URL + "/api/events")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		line, err := bufio.NewReader(resp.Body).ReadString('\n')
		if err != nil || resp.Header.Get("Content-Type") != "text/event-stream" || line != "retry: 2000\n" {
			t.Fatalf("%s, %q, %v", resp.Status, line, err)
		}
	}
	if n := countStreams(s); n > maxStreams {
		t.Errorf("%d streams, want at most %d", n, maxStreams)
	}
	start := time.Now()
	for range 100 {
		s.setSample("ENVOY", sample(time.Now()))
	}
	if took := time.Since(start) / 100; took > 10*time.Millisecond {
		t.Errorf("a sample took %v with %d clients", took, maxStreams)
	}
}

// BenchmarkSample is what a reading costs without a viewer.
func BenchmarkSample(b *testing.B) {
	s, reading := newServer(), sample(time.Now())
	for b.Loop() {
		s.setSample("ENVOY", reading)
	}
}

// countStreams returns how many clients read events.
func countStreams(s *Server) int {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	return len(s.hub.streams)
}
