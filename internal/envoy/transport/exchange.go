package transport

import (
	"context"
	"net"
	"net/http/httptrace"
)

// An exchange is a request with its response.
type exchange struct {
	ctx    context.Context // of the request
	conn   *connection
	reused bool // the connection was used for a request before
}

type exchangeKey struct{}

// newExchange returns a context for one exchange.
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
