package bridge

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

// answering starts a server that reads something, says answer and hangs up.
func answering(t *testing.T, answer string) string {
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

// outcome connects, publishes with QoS 1 when it is up, and returns what came
// of the first attempts: nil, or why they were refused.
func outcome(t *testing.T, cfg MQTT) error {
	t.Helper()
	result := make(chan error, 100)
	var l *link
	ready := make(chan struct{})
	l, err := connect(t.Context(), cfg, lastWill, events{
		up: func(ctx context.Context, _ limits) {
			<-ready
			result <- l.publish(ctx, Message{Topic: "t", Payload: make([]byte, 20_000), QoS: 1, Retain: true})
		},
		refused: func(err error) {
			// A server of WebSocket may not be listening yet.
			if !strings.Contains(err.Error(), "connection refused") {
				result <- err
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	close(ready)
	defer l.close(context.Background())
	select {
	case err := <-result:
		return err
	case <-time.After(30 * time.Second):
		t.Fatal("nothing came of it in 30 s")
		return nil
	}
}

func TestConnectToRealBroker(t *testing.T) {
	ca := newAuthority(t)
	server := &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "localhost")}}
	mutual := server.Clone()
	mutual.ClientAuth, mutual.ClientCAs = tls.RequireAndVerifyClientCert, ca.pool
	trusting := &tls.Config{RootCAs: ca.pool}
	known := &tls.Config{RootCAs: ca.pool, Certificates: []tls.Certificate{ca.issue(t)}}
	stranger := newAuthority(t)

	tests := []struct {
		name   string
		scheme string
		host   string
		addr   string
		tls    *tls.Config
		want   string // in the error; "" is none
	}{
		{"plain", "mqtt", "localhost", realBroker(t, false, nil), nil, ""},
		{"TLS", "mqtts", "localhost", realBroker(t, false, server), trusting, ""},
		{"mutual TLS", "ssl", "localhost", realBroker(t, false, mutual), known, ""},
		{"WebSocket", "ws", "localhost", realBroker(t, true, nil), nil, ""},
		{"WebSocket over TLS", "wss", "localhost", realBroker(t, true, server), trusting, ""},
		{"mutual TLS, no certificate", "mqtts", "localhost", realBroker(t, false, mutual), trusting, "set CERT_FILE and KEY_FILE"},
		{"mutual TLS, a stranger", "mqtts", "localhost", realBroker(t, false, mutual), &tls.Config{RootCAs: ca.pool, Certificates: []tls.Certificate{stranger.issue(t)}}, "CERT_FILE"},
		{"unknown authority", "mqtts", "localhost", realBroker(t, false, server), nil, "set CA_FILE"},
		{"unknown authority of a WebSocket", "wss", "localhost", realBroker(t, true, server), nil, "set CA_FILE"},
		{"another name", "mqtts", "127.0.0.1", realBroker(t, false, server), trusting, "is for another name"},
		{"TLS to a plain port", "mqtts", "localhost", realBroker(t, false, nil), nil, "mqtt://"},
		{"TLS to a web server", "mqtts", "localhost", answering(t, "HTTP/1.1 400 Bad Request\r\n\r\n"), nil, "does not speak TLS on this port"},
		{"plain to a TLS port", "mqtt", "localhost", realBroker(t, false, server), nil, "mqtts://"},
		{"plain to a web server", "mqtt", "localhost", answering(t, "HTTP/1.1 400 Bad Request\r\n\r\n"), nil, errHTTP.Error()},
		{"WebSocket to a web page", "ws", "localhost", page(t), nil, "at path /mqtt: the server says 404 Not Found"},
		{"WebSocket to a plain port", "ws", "localhost", realBroker(t, false, nil), nil, "does not speak WebSocket on this port"},
		{"MQTT 3.1.1", "mqtt", "localhost", answering(t, "\x20\x02\x00\x01"), nil, errOldBroker.Error()},
		{"a door that shuts", "mqtt", "localhost", answering(t, ""), nil, errSilent.Error()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, port, err := net.SplitHostPort(tt.addr)
			if err != nil {
				t.Fatal(err)
			}
			cfg := MQTT{URL: &url.URL{Scheme: tt.scheme, Host: tt.host + ":" + port}, ClientID: "us", Username: "ann", Password: "right", TLS: tt.tls, Dial: loopback}
			err = outcome(t, cfg)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("connect to %s: %v, want %q", cfg.server(), err, tt.want)
			}
		})
	}
}

// loopback dials 127.0.0.1 for every name, so that no resolver is needed.
func loopback(ctx context.Context, network, addr string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
}

func page(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func TestWrongPassword(t *testing.T) {
	u := &url.URL{Scheme: "mqtt", Host: realBroker(t, false, nil)}
	for _, user := range []string{"ann", "bob"} {
		err := outcome(t, MQTT{URL: u, ClientID: "us", Username: user, Password: "secret"})
		if err == nil || !strings.Contains(err.Error(), "wrong user name or password") || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), user) {
			t.Errorf("connect as %s: %v, want that user name or password is wrong, and neither of them", user, err)
		}
	}
}

func TestServer(t *testing.T) {
	for raw, want := range map[string]string{
		"mqtt://broker":                 "mqtt://broker:1883",
		"tcp://ann:secret@broker:1884":  "tcp://broker:1884",
		"mqtts://broker":                "mqtts://broker:8883",
		"tls://[fe80::1]":               "tls://[fe80::1]:8883",
		"ssl://broker":                  "ssl://broker:8883",
		"ws://broker":                   "ws://broker:80/mqtt",
		"wss://broker/path/":            "wss://broker:443/path/",
		"WSS://broker:8084/mqtt?k=veil": "wss://broker:8084/mqtt",
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := (MQTT{URL: u}).server().String(); got != want {
			t.Errorf("server of %s = %s, want %s", u.Redacted(), got, want)
		}
	}
}

// An attempt has an end even when Dial or the other side takes for ever.
func TestDialIsBounded(t *testing.T) {
	for _, scheme := range []string{"mqtts", "ws"} {
		t.Run(scheme, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				defer far.Close()
				go io.Copy(io.Discard, far)
				cfg := MQTT{URL: &url.URL{Scheme: scheme, Host: "broker"}, Dial: func(context.Context, string, string) (net.Conn, error) { return near, nil }}
				start := time.Now()
				c, err := cfg.dial(t.Context())
				if d := time.Since(start); err == nil || d != dialIn {
					t.Errorf("dial = %v, %v after %v, want an error after %v", c, err, d, dialIn)
				}
				if _, err := fmt.Fprint(near, "x"); err == nil {
					t.Error("the connection was left open")
				}
			})
		})
	}
}
