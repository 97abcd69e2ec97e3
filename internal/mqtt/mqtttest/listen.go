package mqtttest

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"testing"
)

// Listen serves b on a free port of the loopback interface,
// with TLS if secure is not nil. It returns host and port.
func Listen(t *testing.T, b *Broker, secure *tls.Config) (host, port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host, port, err = net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if secure != nil {
		l = tls.NewListener(l, secure)
	}
	t.Cleanup(func() { l.Close(); b.Close() })
	go func() { // ends when l is closed
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			broker, err := b.Dial(context.Background(), "tcp", "")
			if err != nil {
				client.Close()
				continue
			}
			go relay(client, broker)
			go relay(broker, client)
		}
	}()
	return host, port
}

// relay copies what from sends, until one of the connections ends.
func relay(to io.WriteCloser, from io.ReadCloser) {
	_, _ = io.Copy(to, from)
	to.Close()
	from.Close()
}
