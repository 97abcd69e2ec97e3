package mqtt

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// startServer starts a server that reads something, sends answer and closes the
// connection. It returns the address.
func startServer(t *testing.T, answer string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Read(make([]byte, 1<<10))
			io.WriteString(c, answer)
			c.Close()
		}
	}()
	return l.Addr().String()
}

// connectOnce connects and publishes with QoS 1. It returns the result of Publish,
// or the error of a failed attempt.
func connectOnce(t *testing.T, cfg Config) error {
	t.Helper()
	result := make(chan error, 100)
	cfg.Will = lastWill
	cfg.OnUp = func(ctx context.Context, client *Client, _ Capabilities) {
		result <- publish(ctx, client, Message{Topic: "t", Payload: make([]byte, 20_000), QoS: 1, Retain: true})
	}
	cfg.OnError = func(err error) {
		// A WebSocket server may not listen yet.
		if !strings.Contains(err.Error(), "connection refused") {
			result <- err
		}
	}
	client, err := Connect(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close(context.Background())
	select {
	case err := <-result:
		return err
	case <-time.After(30 * time.Second):
		t.Fatal("no result within 30 s")
		return nil
	}
}

func TestConnectToRealBroker(t *testing.T) {
	ca := newTestCA(t)
	server := &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "localhost")}}
	mutual := server.Clone()
	mutual.ClientAuth, mutual.ClientCAs = tls.RequireAndVerifyClientCert, ca.pool
	trustsCA := &tls.Config{RootCAs: ca.pool}
	inTenYears := &tls.Config{RootCAs: ca.pool, Time: func() time.Time { return time.Now().AddDate(10, 0, 0) }}
	withCert := &tls.Config{RootCAs: ca.pool, Certificates: []tls.Certificate{ca.issue(t)}}
	otherCA := newTestCA(t)

	tests := []struct {
		name   string
		scheme string
		host   string
		addr   string
		tls    *tls.Config
		want   string // in the error; "" is none
	}{
		{"plain", "mqtt", "localhost", startMochi(t, false, nil), nil, ""},
		{"TLS", "mqtts", "localhost", startMochi(t, false, server), trustsCA, ""},
		{"mutual TLS", "ssl", "localhost", startMochi(t, false, mutual), withCert, ""},
		{"WebSocket", "ws", "localhost", startMochi(t, true, nil), nil, ""},
		{"WebSocket over TLS", "wss", "localhost", startMochi(t, true, server), trustsCA, ""},
		{"mutual TLS, no certificate", "mqtts", "localhost", startMochi(t, false, mutual), trustsCA, "set CERT_FILE and KEY_FILE"},
		{"mutual TLS, unwithCert certificate", "mqtts", "localhost", startMochi(t, false, mutual), &tls.Config{RootCAs: ca.pool, Certificates: []tls.Certificate{otherCA.issue(t)}}, "CERT_FILE"},
		{"unwithCert authority", "mqtts", "localhost", startMochi(t, false, server), nil, "set CA_FILE"},
		{"unwithCert authority, WebSocket", "wss", "localhost", startMochi(t, true, server), nil, "set CA_FILE"},
		{"certificate for another name", "mqtts", "127.0.0.1", startMochi(t, false, server), trustsCA, "is for another name"},
		{"certificate has expired", "mqtts", "localhost", startMochi(t, false, server), inTenYears, "not valid at this machine's time"},
		{"TLS to a plain port", "mqtts", "localhost", startMochi(t, false, nil), nil, "mqtt://"},
		{"TLS to a web server", "mqtts", "localhost", startServer(t, "HTTP/1.1 400 Bad Request\r\n\r\n"), nil, "does not speak TLS on this port"},
		{"plain to a TLS port", "mqtt", "localhost", startMochi(t, false, server), nil, "mqtts://"},
		{"plain to a web server", "mqtt", "localhost", startServer(t, "HTTP/1.1 400 Bad Request\r\n\r\n"), nil, errWebServer.Error()},
		{"WebSocket to a web page", "ws", "localhost", startWebServer(t), nil, "at path /mqtt: the server responds 404 Not Found"},
		{"WebSocket to a plain port", "ws", "localhost", startMochi(t, false, nil), nil, "does not speak WebSocket on this port"},
		{"MQTT 3.1.1", "mqtt", "localhost", startServer(t, "\x20\x02\x00\x01"), nil, errMQTT3.Error()},
		{"connection closed at once", "mqtt", "localhost", startServer(t, ""), nil, errNoResponse.Error()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, port, err := net.SplitHostPort(tt.addr)
			if err != nil {
				t.Fatal(err)
			}
			cfg := Config{URL: &url.URL{Scheme: tt.scheme, Host: tt.host + ":" + port}, ClientID: "us", Username: "ann", Password: "right", TLS: tt.tls, Dial: loopback}
			err = connectOnce(t, cfg)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("connect to %s: %v, want %q", cfg.serverURL(), err, tt.want)
			}
		})
	}
}

// loopback dials 127.0.0.1 for every name; tests need no resolver.
func loopback(ctx context.Context, network, addr string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
}

func startWebServer(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func TestWrongPassword(t *testing.T) {
	u := &url.URL{Scheme: "mqtt", Host: startMochi(t, false, nil)}
	for _, user := range []string{"ann", "bob"} {
		err := connectOnce(t, Config{URL: u, ClientID: "us", Username: user, Password: "secret"})
		if err == nil || !strings.Contains(err.Error(), "wrong user name or password") || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), user) {
			t.Errorf("connect as %s: %v, want that user name or password is wrong, and neither of them", user, err)
		}
	}
}

// An attempt ends after dialTimeout, even if the server does not respond.
func TestDialIsBounded(t *testing.T) {
	for _, scheme := range []string{"mqtts", "ws"} {
		t.Run(scheme, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				defer far.Close()
				go io.Copy(io.Discard, far)
				cfg := Config{URL: &url.URL{Scheme: scheme, Host: "broker"}, Dial: func(context.Context, string, string) (net.Conn, error) { return near, nil }}
				start := time.Now()
				c, err := cfg.dial(t.Context())
				if d := time.Since(start); err == nil || d != dialTimeout {
					t.Errorf("dial = %v, %v after %v, want an error after %v", c, err, d, dialTimeout)
				}
				if _, err := fmt.Fprint(near, "x"); err == nil {
					t.Error("the connection was left open")
				}
			})
		})
	}
}
