package bridge

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/eclipse/paho.golang/packets"
)

// What is written must be what the client's own reader takes it for.
func TestAppendPublish(t *testing.T) {
	for _, m := range []Message{
		{Topic: "envoy/1/live", Payload: []byte("{}")},
		{Topic: "t", Payload: []byte{}},
		{Topic: "envoy/1/grid/power", Payload: []byte("7"), Retain: true},
		{Topic: "envoy/1/grid/power", Payload: []byte("7"), Retain: true, Expiry: 120},
		{Topic: "longest of one byte", Payload: make([]byte, 127-2-19-1)},
		{Topic: "one more needs two", Payload: make([]byte, 128-2-18-1), Expiry: 1 << 31},
		{Topic: strings.Repeat("t", 1<<16-1), Payload: make([]byte, maxPacket-1<<16)},
	} {
		b := appendPublish([]byte("before"), m)
		if len(b)-len("before") > m.size() {
			t.Errorf("%.20q: %d bytes, size says %d at most", m.Topic, len(b)-len("before"), m.size())
		}
		rest := bytes.NewReader(bytes.TrimPrefix(b, []byte("before")))
		cp, err := packets.ReadPacket(rest)
		if err != nil || rest.Len() != 0 {
			t.Errorf("%.20q: %v, %d bytes left", m.Topic, err, rest.Len())
			continue
		}
		p := cp.Content.(*packets.Publish)
		got := Message{Topic: p.Topic, Payload: p.Payload, Retain: p.Retain, QoS: p.QoS}
		if e := p.Properties.MessageExpiry; e != nil {
			got.Expiry = *e
		}
		if !reflect.DeepEqual(got, m) {
			t.Errorf("%.60v was read as %.60v", m, got)
		}
	}
}
