package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
)

// maxHeader bounds the header of a response, in bytes; gateways send less than 1 kB.
const maxHeader = 64 << 10

// A roundTripper is an [http.RoundTripper] with a single connection, kept open for as
// long as the gateway keeps it. Gateways suffer from parallel requests, and a
// handshake costs theirs more than a reading does.
type roundTripper struct {
	*tlsDialer
	http http.Transport
}

// newRoundTripper returns a roundTripper that nothing in the environment changes: a
// proxy has no business between us and a gateway on the local network.
func newRoundTripper(opts options) *roundTripper {
	if opts.Dial == nil {
		opts.Dial = Dial
	}
	t := &roundTripper{tlsDialer: &tlsDialer{opts: opts, sessions: tls.NewLRUClientSessionCache(4)}}
	t.http = http.Transport{
		DialContext:            connect(opts.Dial),
		DialTLSContext:         connect(t.dialTLS),
		DisableCompression:     true, // a small answer must not unfold into a huge one
		MaxConnsPerHost:        1,
		MaxIdleConns:           1, // also where the gateway was found at another address
		MaxResponseHeaderBytes: maxHeader,
		ReadBufferSize:         1 << 10, // for the header; a body is read past it
		WriteBufferSize:        2 << 10, // a request with a token takes some 1.2 kB
		Protocols:              new(http.Protocols),
	}
	t.http.Protocols.SetHTTP1(true)
	return t
}

// RoundTrip implements [http.RoundTripper]. Requests wait for each other: until
// the body of the response is at its end, or closed.
func (t *roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	e, ok := req.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		var ctx context.Context
		ctx, e = newExchange(req.Context())
		req = req.WithContext(ctx)
	}
	resp, err := t.http.RoundTrip(req)
	if errors.Is(err, errUnasked) {
		return nil, errUnasked // net/http adds the name of a function
	}
	if err != nil {
		return nil, err
	}
	resp.Body = &checkedBody{resp.Body, e.conn}
	return resp, nil
}

// CloseIdleConnections lets [http.Client.CloseIdleConnections] reach the connection.
func (t *roundTripper) CloseIdleConnections() { t.http.CloseIdleConnections() }
