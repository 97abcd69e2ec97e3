package mqtt

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
)

// Address and password are resolved before each attempt, so that a new password
// needs no restart.
func TestResolve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(mqtttest.Broker)
		var dialled []string
		cfg := Config{ClientID: "us", Will: lastWill, Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			dialled = append(dialled, addr)
			return b.Dial(ctx, network, addr)
		}}
		asked := 0
		cfg.Resolve = func(context.Context) (*url.URL, error) {
			switch asked++; asked {
			case 1:
				return nil, errors.New("there is no broker yet")
			case 2:
				return url.Parse("gopher://broker")
			case 3:
				b.Refuse(0x86)
			default:
				b.Refuse(0)
			}
			return url.Parse(fmt.Sprintf("mqtt://user%d:word@broker%d", asked, asked))
		}
		var d recorder
		client, err := Connect(t.Context(), d.record(cfg))
		if err != nil {
			t.Fatal(err)
		}
		advance(time.Minute)
		var users []string
		for _, c := range b.Connects() {
			users = append(users, c.Username)
		}
		if want := []string{"user3", "user4"}; !slices.Equal(users, want) {
			t.Errorf("connected as %q, want %q", users, want)
		}
		if want := []string{"broker3:1883", "broker4:1883"}; !slices.Equal(dialled, want) {
			t.Errorf("dialled %q, want %q", dialled, want)
		}
		for i, want := range []string{"there is no broker yet", "the scheme must be mqtt", "mqtt://broker3:1883: wrong user name or password"} {
			if got := d.errs[i].Error(); !strings.Contains(got, want) || strings.Contains(got, "word@") {
				t.Errorf("attempt %d: %q, want %q", i+1, got, want)
			}
		}
		if err := client.Close(t.Context()); err != nil {
			t.Error(err)
		}
		b.Close()
	})
}

// A Resolve that does not return does not delay Close.
func TestCloseWhileResolving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := Config{ClientID: "us", Will: lastWill, Resolve: func(ctx context.Context) (*url.URL, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		client, err := Connect(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		advance(time.Second)
		start := time.Now()
		if err := client.Close(t.Context()); err != nil || time.Since(start) > 0 {
			t.Errorf("Close = %v after %v, want nil at once", err, time.Since(start))
		}
	})
}

func TestConnectPacket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(mqtttest.Broker)
		cfg := configFor(b)
		cfg.URL.User = url.UserPassword("ann", "secret")
		client, err := Connect(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		want := []mqtttest.Connect{{Time: time.Now(), ClientID: "us", Username: "ann", KeepAlive: 30, SessionExpiry: 60, ReceiveMaximum: 16, WillDelay: 5}}
		if got := b.Connects(); !slices.Equal(got, want) {
			t.Errorf("CONNECT %+v, want %+v", got, want)
		}
		if err := client.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestLimits(t *testing.T) {
	for _, tt := range []struct {
		broker *mqtttest.Broker
		want   Capabilities
	}{
		{&mqtttest.Broker{}, Capabilities{MaxQoS: 1, RetainAvailable: true, ReceiveMaximum: 65535}},
		{&mqtttest.Broker{ReceiveMaximum: 20}, Capabilities{MaxQoS: 1, RetainAvailable: true, ReceiveMaximum: 20}},
		{&mqtttest.Broker{MaximumPacketSize: 1000}, Capabilities{MaxPacketSize: 1000, MaxQoS: 1, RetainAvailable: true, ReceiveMaximum: 65535}},
		{&mqtttest.Broker{NoRetain: true}, Capabilities{MaxQoS: 1, ReceiveMaximum: 65535}},
		{&mqtttest.Broker{NoQoS1: true}, Capabilities{RetainAvailable: true, ReceiveMaximum: 65535}},
		{&mqtttest.Broker{NoRetain: true, NoQoS1: true}, Capabilities{ReceiveMaximum: 65535}},
	} {
		synctest.Test(t, func(t *testing.T) {
			start, ups := time.Now(), 0
			connectTo(t, tt.broker, Config{
				OnUp: func(_ context.Context, _ *Client, l Capabilities) {
					ups++
					if l != tt.want || !time.Now().Equal(start) {
						t.Errorf("limits %+v after %v, want %+v at once", l, time.Since(start), tt.want)
					}
				},
				OnError: func(err error) { t.Errorf("OnError(%v), want none: the next attempt requests less", err) },
			})
			advance(time.Hour)
			if ups != 1 {
				t.Errorf("connected %d times in an hour, want once", ups)
			}
		})
	}
}

func TestWill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(mqtttest.Broker)
		connectTo(t, b, Config{})
		lost := time.Now()
		b.Close()
		advance(time.Minute)
		want := []mqtttest.Record{{Time: lost.Add(5 * time.Second), Client: "us", Topic: lastWill.Topic, Payload: "offline", Retain: true, QoS: 1, Will: true}}
		if got := b.Messages(); !reflect.DeepEqual(got, want) {
			t.Errorf("the broker has %+v, want the Will %+v", got, want)
		}
	})
}
