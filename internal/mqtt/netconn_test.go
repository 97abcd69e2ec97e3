package mqtt

import (
	"bytes"
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

// A recordingConn is a net.Conn that records each write.
type recordingConn struct {
	net.Conn
	written []string
}

func (w *recordingConn) Write(p []byte) (int, error) {
	w.written = append(w.written, string(p))
	return len(p), nil
}

func (*recordingConn) SetWriteDeadline(time.Time) error { return nil }

func (*recordingConn) Close() error { return nil }

// publishPacket returns a PUBLISH packet and its bytes.
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
	large := &packets.Publish{Topic: "large", Payload: make([]byte, maxBatch), Properties: new(packets.Properties)}
	var largeBytes bytes.Buffer
	large.WriteTo(&largeBytes)

	tests := []struct {
		name   string
		framed bool
		write  func(c *netConn)
		want   []string
	}{
		{"a packet is one write", false, func(c *netConn) { a.WriteTo(c); b.WriteTo(c) }, []string{aBytes, bBytes}},
		{"a batch is one write", false, func(c *netConn) { c.beginBatch(); a.WriteTo(c); b.WriteTo(c); c.endBatch() }, []string{aBytes + bBytes}},
		{"a batch within a batch", false, func(c *netConn) {
			c.beginBatch()
			c.beginBatch()
			a.WriteTo(c)
			c.endBatch()
			b.WriteTo(c)
			c.endBatch()
		}, []string{aBytes + bBytes}},
		{"QoS 1 does not wait", false, func(c *netConn) { c.beginBatch(); a.WriteTo(c); one.WriteTo(c); b.WriteTo(c); c.endBatch() }, []string{aBytes + oneBytes, bBytes}},
		{"a ping does not wait", false, func(c *netConn) { c.beginBatch(); a.WriteTo(c); c.ping() }, []string{aBytes + "\xc0\x00"}},
		{"a batch has an end", false, func(c *netConn) { c.beginBatch(); a.WriteTo(c); large.WriteTo(c); b.WriteTo(c); c.endBatch() }, []string{aBytes + largeBytes.String(), bBytes}},
		{"frames are not batched", true, func(c *netConn) { c.beginBatch(); a.WriteTo(c); b.WriteTo(c); c.endBatch() }, []string{aBytes, bBytes}},
		{"an empty batch is nothing", false, func(c *netConn) { c.beginBatch(); c.endBatch() }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := new(recordingConn)
			c := newNetConn(w, w, tt.framed)
			defer c.Close()
			tt.write(c)
			if !slices.Equal(w.written, tt.want) {
				t.Errorf("wrote %q, want %q", w.written, tt.want)
			}
		})
	}
}

// A broker that does not read blocks a write for writeTimeout only.
func TestConnWriteDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer far.Close()
		c := newNetConn(near, near, false)
		p, _ := publishPacket("t", 0)
		start := time.Now()
		p.WriteTo(c)
		if d := time.Since(start); d != writeTimeout {
			t.Errorf("the write took %v, want %v", d, writeTimeout)
		}
		if err := c.Err(); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Err() = %v, want that a deadline was exceeded", err)
		}
		if _, err := p.WriteTo(c); err == nil {
			t.Error("the next write returned nil, want an error")
		}
	})
}

// The reason that a broker sends before it closes the connection is read, even
// if a write fails first.
func TestConnReadsReasonAfterFailedWrite(t *testing.T) {
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
	const disconnect = "\xe0\x02\x8b\x00"
	io.WriteString(far, disconnect)
	far.Close()
	c := newNetConn(near, near, false)
	defer c.Close()
	p, _ := publishPacket("t", 0)
	for err == nil { // until the reset of the other side has arrived
		p.WriteTo(c)
		_, err = near.Write([]byte{0})
	}
	p.WriteTo(c)
	got := make([]byte, len(disconnect))
	if _, err := io.ReadFull(c, got); string(got) != disconnect {
		t.Errorf("read %q, %v, want the broker's DISCONNECT", got, err)
	}
	if _, err := c.Read(got); err == nil || c.Err() == nil {
		t.Errorf("the next read: %v, Err() = %v, want errors", err, c.Err())
	}
}

func TestConnRemembersTheFirstError(t *testing.T) {
	near, far := net.Pipe()
	far.Close()
	c := newNetConn(near, near, false)
	c.sniffed = true
	_, err := c.Read(make([]byte, 1))
	c.closeWithError(ErrPingTimeout)
	c.Close()
	if !errors.Is(err, io.EOF) || !strings.Contains(c.Err().Error(), "the broker closed the connection") {
		t.Errorf("Read: %v, Err() = %v, want EOF and that the broker closed the connection", err, c.Err())
	}
}
