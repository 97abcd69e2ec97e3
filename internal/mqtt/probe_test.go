package mqtt

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
)

func TestProbe(t *testing.T) {
	for _, tt := range []struct {
		name    string
		prepare func(*mqtttest.Broker)
		want    error
		missing string
	}{
		{"accepted", func(*mqtttest.Broker) {}, nil, ""},
		{"without QoS 1", func(b *mqtttest.Broker) { b.NoQoS1 = true }, nil, "QoS 1"},
		{"without retained messages", func(b *mqtttest.Broker) { b.NoRetain = true }, nil, "retain"},
		{"wrong password", func(b *mqtttest.Broker) { b.Refuse(0x86) }, ReasonCode(0x86), ""},
		{"no answer", func(b *mqtttest.Broker) { b.Freeze() }, context.DeadlineExceeded, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := new(mqtttest.Broker)
				tt.prepare(b)
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				supported, err := Probe(ctx, configFor(b))
				if !errors.Is(err, tt.want) || err == nil && supported.Missing() != tt.missing {
					t.Errorf("Probe = %+v, %v, want %v without %q", supported, err, tt.want, tt.missing)
				}
				b.Close()
				advance(time.Minute)
				if got := b.Messages(); len(got) != 0 {
					t.Errorf("Probe published %v, want nothing, not even the Will", got)
				}
			})
		})
	}
}
