package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http/httptrace"
	"sync"
)

// A connection reports when net/http, between two requests, has seen that
// nothing follows a response: it then waits for more bytes, and closes the
// connection when some arrive. Where some follow at once it closes it without
// waiting.
type connection struct {
	net.Conn

	mu      sync.Mutex // guards what follows
	changed sync.Cond
	asked   bool // a request was sent
	reading bool // Read has not returned
	closed  bool
}

var errUnasked = errors.New("bytes arrived before a request was sent; is it an HTTP server?")

func (c *connection) Read(p []byte) (int, error) {
	c.set(&c.reading, true)
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reading = false
	if n > 0 && !c.asked {
		return 0, errUnasked
	}
	return n, err
}

func (c *connection) Write(p []byte) (int, error) {
	c.set(&c.asked, true)
	return c.Conn.Write(p)
}

func (c *connection) Close() error {
	c.set(&c.closed, true)
	return c.Conn.Close()
}

func (c *connection) set(state *bool, to bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*state = to
	c.changed.Broadcast()
}

// settle waits until the connection is idle or closed. It is called at the end
// of a response, when only net/http's own goroutine reads, and soon returns.
func (c *connection) settle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.reading && !c.closed {
		c.changed.Wait()
	}
}

// A checkedBody is the body of a response. Its end is reported when bytes that
// arrived together with it cannot become the response to the next request.
type checkedBody struct {
	io.ReadCloser
	conn *connection
}

func (b *checkedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		b.conn.settle()
	}
	return n, err
}

// An exchange is a request with its response.
type exchange struct {
	ctx    context.Context // of the request
	conn   *connection
	reused bool // the connection was used for a request before
}

type exchangeKey struct{}

func newExchange(ctx context.Context) (context.Context, *exchange) {
	e := &exchange{ctx: ctx}
	return httptrace.WithClientTrace(context.WithValue(ctx, exchangeKey{}, e), &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
		e.conn, _ = i.Conn.(*connection)
		e.reused = i.Reused
	}}), e
}

// connect dials for net/http. It ends with the request that it dials for, and
// not as net/http has it: there a dial outlives its request, and the next request
// waits for it because there is one connection at most.
func connect(dial func(ctx context.Context, network, addr string) (net.Conn, error)) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if e, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
			ctx = e.ctx
		}
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		c := &connection{Conn: conn}
		c.changed.L = &c.mu
		return c, nil
	}
}
