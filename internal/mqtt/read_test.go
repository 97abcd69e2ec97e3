package mqtt

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
)

func TestSniffServer(t *testing.T) {
	tests := []struct {
		name  string
		bytes string
		want  error
	}{
		{"MQTT 5", "\x20\x03\x00\x00\x00", nil},
		{"MQTT 5 refuses", "\x20\x03\x00\x87\x00", nil},
		{"MQTT 5 says goodbye", "\xe0\x02\x89\x00", nil},
		{"MQTT 3.1.1 refuses the version", "\x20\x02\x00\x01", errMQTT3},
		{"MQTT 3.1.1 refuses the user", "\x20\x02\x00\x05", errMQTT3},
		{"MQTT 3.1.1 cut short", "\x20\x02\x00", errMQTT3},
		{"TLS", "\x15\x03\x01\x00\x02\x02\x46", errTLSPort},
		{"HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n", errWebServer},
		{"SSH", "SSH-2.0-OpenSSH_9.2p1\r\n", errNotMQTT},
		{"nothing", "", errNoResponse},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			near, far := net.Pipe()
			go func() {
				io.WriteString(far, tt.bytes)
				far.Close()
			}()
			c := newNetConn(near, near, false)
			defer c.Close()
			got := make([]byte, len(tt.bytes)+1)
			n, err := io.ReadFull(c, got)
			if tt.want == nil {
				if string(got[:n]) != tt.bytes {
					t.Errorf("read %q, %v, want %q", got[:n], err, tt.bytes)
				}
			} else if !errors.Is(err, tt.want) || !errors.Is(c.Err(), tt.want) {
				t.Errorf("read: %v, cause: %v, want %v", err, c.Err(), tt.want)
			}
		})
	}
}

// A packet that is too large is an error before paho reserves memory for it.
func TestConnPacketLength(t *testing.T) {
	const connack = "\x20\x03\x00\x00\x00"
	publish := func(length uint64) string { return "\x30" + string(binary.AppendUvarint(nil, length)) }
	for _, tt := range []struct {
		name, bytes string
		read        int // bytes of them
		want        string
	}{
		{"CONNACK of 250 MB", "\x20" + publish(250e6)[1:] + "\x00", 0, "a packet larger than the 262144 bytes"},
		{"PUBLISH of 250 MB", connack + publish(250e6) + "\x00", len(connack), "a packet larger than the 262144 bytes"},
		{"one byte too large", connack + publish(maxPacketSize-3) + "\x00", len(connack), "a packet larger than the 262144 bytes"},
		{"as large as allowed", connack + publish(maxPacketSize-4) + "\x00", len(connack) + 5, "the broker closed the connection"},
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
			c := newNetConn(near, near, false)
			defer c.Close()
			got, err := io.ReadAll(c)
			if string(got) != tt.bytes[:tt.read] {
				t.Errorf("read %q, %v, want the first %d bytes of %q", got, err, tt.read, tt.bytes)
			}
			if cause := c.Err(); cause == nil || !strings.Contains(cause.Error(), tt.want) {
				t.Errorf("cause %v, want %q", cause, tt.want)
			}
		})
	}
}
