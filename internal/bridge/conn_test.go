package bridge

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eclipse/paho.golang/packets"
)

// A writes is a net.Conn that keeps what it is written, write by write.
type writes struct {
	net.Conn
	each []string
}

func (w *writes) Write(p []byte) (int, error) {
	w.each = append(w.each, string(p))
	return len(p), nil
}

func (*writes) SetWriteDeadline(time.Time) error { return nil }

func (*writes) Close() error { return nil }

// a publish returns a PUBLISH and its bytes.
func publishPacket(topic string, qos byte) (*packets.Publish, string) {
	p := &packets.Publish{Topic: topic, QoS: qos, PacketID: 7, Payload: []byte("payload"), Properties: new(packets.Properties)}
	var b bytes.Buffer
	p.WriteTo(&b)
	return p, b.String()
}

func TestConnWrites(t *testing.T) {
	a, aBytes := publishPacket("a", 0)
	b, bBytes := publishPacket("b", 0)
	one, oneBytes := publishPacket("one", 1)
	large := &packets.Publish{Topic: "large", Payload: make([]byte, gather), Properties: new(packets.Properties)}
	var largeBytes bytes.Buffer
	large.WriteTo(&largeBytes)

	tests := []struct {
		name   string
		framed bool
		write  func(c *conn)
		want   []string
	}{
		{"a packet is one write", false, func(c *conn) { a.WriteTo(c); b.WriteTo(c) }, []string{aBytes, bBytes}},
		{"a batch is one write", false, func(c *conn) { c.hold(); a.WriteTo(c); b.WriteTo(c); c.release() }, []string{aBytes + bBytes}},
		{"a batch within a batch", false, func(c *conn) {
			c.hold()
			c.hold()
			a.WriteTo(c)
			c.release()
			b.WriteTo(c)
			c.release()
		}, []string{aBytes + bBytes}},
		{"QoS 1 does not wait", false, func(c *conn) { c.hold(); a.WriteTo(c); one.WriteTo(c); b.WriteTo(c); c.release() }, []string{aBytes + oneBytes, bBytes}},
		{"a ping does not wait", false, func(c *conn) { c.hold(); a.WriteTo(c); c.ping() }, []string{aBytes + "\xc0\x00"}},
		{"a batch has an end", false, func(c *conn) { c.hold(); a.WriteTo(c); large.WriteTo(c); b.WriteTo(c); c.release() }, []string{aBytes + largeBytes.String(), bBytes}},
		{"frames are not batched", true, func(c *conn) { c.hold(); a.WriteTo(c); b.WriteTo(c); c.release() }, []string{aBytes, bBytes}},
		{"an empty batch is nothing", false, func(c *conn) { c.hold(); c.release() }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := new(writes)
			c := newConn(w, w, tt.framed)
			defer c.Close()
			tt.write(c)
			if !slices.Equal(w.each, tt.want) {
				t.Errorf("wrote %q, want %q", w.each, tt.want)
			}
		})
	}
}

// A broker that takes nothing blocks a write for writeIn, not for ever.
func TestConnWriteDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer far.Close()
		c := newConn(near, near, false)
		p, _ := publishPacket("t", 0)
		start := time.Now()
		p.WriteTo(c)
		if d := time.Since(start); d != writeIn {
			t.Errorf("the write took %v, want %v", d, writeIn)
		}
		if err := c.cause(); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("cause() = %v, want that a deadline was exceeded", err)
		}
		if _, err := p.WriteTo(c); err == nil {
			t.Error("the next write returned nil, want an error")
		}
	})
}

// A broker that says why and hangs up is heard, though a write finds it gone.
func TestConnHearsLastWords(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	const goodbye = "\xe0\x02\x8b\x00"
	io.WriteString(far, goodbye)
	far.Close()
	c := newConn(near, near, false)
	defer c.Close()
	p, _ := publishPacket("t", 0)
	for err == nil { // until the other side's kernel has said that nobody reads
		p.WriteTo(c)
		_, err = near.Write([]byte{0})
	}
	p.WriteTo(c)
	got := make([]byte, len(goodbye))
	if _, err := io.ReadFull(c, got); string(got) != goodbye {
		t.Errorf("read %q, %v, want the broker's goodbye", got, err)
	}
	if _, err := c.Read(got); err == nil || c.cause() == nil {
		t.Errorf("the next read: %v, cause() = %v, want errors", err, c.cause())
	}
}

func TestConnGreeting(t *testing.T) {
	tests := []struct {
		name  string
		bytes string
		want  error
	}{
		{"MQTT 5", "\x20\x03\x00\x00\x00", nil},
		{"MQTT 5 refuses", "\x20\x03\x00\x87\x00", nil},
		{"MQTT 5 says goodbye", "\xe0\x02\x89\x00", nil},
		{"MQTT 3.1.1 refuses the version", "\x20\x02\x00\x01", errOldBroker},
		{"MQTT 3.1.1 refuses the user", "\x20\x02\x00\x05", errOldBroker},
		{"MQTT 3.1.1 cut short", "\x20\x02\x00", errOldBroker},
		{"TLS", "\x15\x03\x01\x00\x02\x02\x46", errWantsTLS},
		{"HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n", errHTTP},
		{"SSH", "SSH-2.0-OpenSSH_9.2p1\r\n", errNotMQTT},
		{"nothing", "", errSilent},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			near, far := net.Pipe()
			go func() {
				io.WriteString(far, tt.bytes)
				far.Close()
			}()
			c := newConn(near, near, false)
			defer c.Close()
			got := make([]byte, len(tt.bytes)+1)
			n, err := io.ReadFull(c, got)
			if tt.want == nil {
				if string(got[:n]) != tt.bytes {
					t.Errorf("read %q, %v, want %q", got[:n], err, tt.bytes)
				}
			} else if !errors.Is(err, tt.want) || !errors.Is(c.cause(), tt.want) {
				t.Errorf("read: %v, cause: %v, want %v", err, c.cause(), tt.want)
			}
		})
	}
}

func TestConnRemembersTheFirstError(t *testing.T) {
	near, far := net.Pipe()
	far.Close()
	c := newConn(near, near, false)
	c.greeted = true
	_, err := c.Read(make([]byte, 1))
	c.fail(errNoAnswer)
	c.Close()
	if !errors.Is(err, io.EOF) || !strings.Contains(c.cause().Error(), "the broker closed the connection") {
		t.Errorf("Read: %v, cause() = %v, want EOF and that the broker closed the connection", err, c.cause())
	}
}

// The length of a packet is looked at before the client reserves memory for it.
func TestConnPacketLength(t *testing.T) {
	const connack = "\x20\x03\x00\x00\x00"
	publish := func(length uint64) string { return "\x30" + string(binary.AppendUvarint(nil, length)) }
	for _, tt := range []struct {
		name, bytes string
		read        int // of them
		want        string
	}{
		{"CONNACK of 250 MB", "\x20" + publish(250e6)[1:] + "\x00", 0, "a packet larger than the 262144 bytes"},
		{"PUBLISH of 250 MB", connack + publish(250e6) + "\x00", len(connack), "a packet larger than the 262144 bytes"},
		{"one byte too large", connack + publish(maxPacket-3) + "\x00", len(connack), "a packet larger than the 262144 bytes"},
		{"as large as allowed", connack + publish(maxPacket-4) + "\x00", len(connack) + 5, "the broker closed the connection"},
		{"a length of five bytes", connack + "\x30\x80\x80\x80\x80\x01", len(connack), "malformed"},
		{"cut off in the length", connack + "\x30\x80", len(connack), "the broker closed the connection"},
		{"two small ones", connack + "\xd0\x00\xd0\x00", len(connack) + 4, "the broker closed the connection"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			near, far := net.Pipe()
			go func() {
				io.WriteString(far, tt.bytes)
				far.Close()
			}()
			c := newConn(near, near, false)
			defer c.Close()
			got, err := io.ReadAll(c)
			if string(got) != tt.bytes[:tt.read] {
				t.Errorf("read %q, %v, want the first %d bytes of %q", got, err, tt.read, tt.bytes)
			}
			if cause := c.cause(); cause == nil || !strings.Contains(cause.Error(), tt.want) {
				t.Errorf("cause %v, want %q", cause, tt.want)
			}
		})
	}
}
