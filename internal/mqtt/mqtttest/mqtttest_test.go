package mqtttest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eclipse/paho.golang/packets"
	"github.com/eclipse/paho.golang/paho"
)

func TestMatch(t *testing.T) {
	for _, tt := range []struct {
		filter, topic string
		want          bool
	}{
		{"a/b", "a/b", true},
		{"a/b", "a/b/c", false},
		{"a/b/c", "a/b", false},
		{"a/+", "a/b", true},
		{"a/+", "a/b/c", false},
		{"+/+", "a/b", true},
		{"#", "a/b", true},
		{"a/#", "a", true},
		{"a/#", "a/b/c", true},
		{"a/#", "b", false},
		{"#", "$SYS/uptime", false},
		{"+/uptime", "$SYS/uptime", false},
		{"$SYS/#", "$SYS/uptime", true},
	} {
		if got := match(tt.filter, tt.topic); got != tt.want {
			t.Errorf("match(%q, %q) = %t, want %t", tt.filter, tt.topic, got, tt.want)
		}
	}
}

// A guest is a plain MQTT client that records the messages received.
type guest struct {
	*paho.Client
	conn  net.Conn
	heard []string
}

// connectGuest connects with a Will delay of 5 s and a session of 60 s.
func connectGuest(t *testing.T, b *Broker, id string) (g *guest, present bool) {
	t.Helper()
	conn, err := b.Dial(t.Context(), "tcp", "broker:1883")
	if err != nil {
		t.Fatal(err)
	}
	g = &guest{conn: conn}
	g.Client = paho.NewClient(paho.ClientConfig{Conn: conn, OnPublishReceived: []func(paho.PublishReceived) (bool, error){
		func(r paho.PublishReceived) (bool, error) {
			g.heard = append(g.heard, fmt.Sprintf("%s=%s retained:%t", r.Packet.Topic, r.Packet.Payload, r.Packet.Retain))
			return true, nil
		},
	}})
	ack, err := g.Connect(t.Context(), &paho.Connect{
		ClientID:       id,
		Properties:     &paho.ConnectProperties{SessionExpiryInterval: new(uint32(60))},
		WillMessage:    &paho.WillMessage{Topic: "will/" + id, Payload: []byte("gone"), Retain: true},
		WillProperties: &paho.WillProperties{WillDelayInterval: new(uint32(5))},
	})
	if err != nil {
		t.Fatal(err)
	}
	return g, ack.SessionPresent
}

func advance(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestRetainedMessagesExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(Broker)
		defer b.Close()
		g, _ := connectGuest(t, b, "g")
		for topic, expiry := range map[string]uint32{"for/ever": 0, "for/a/minute": 60} {
			p := &paho.Publish{Topic: topic, Payload: []byte("1"), Retain: true, QoS: 1}
			if expiry > 0 {
				p.Properties = &paho.PublishProperties{MessageExpiry: &expiry}
			}
			if _, err := g.Publish(t.Context(), p); err != nil {
				t.Fatal(err)
			}
		}
		advance(time.Minute - 1)
		both := map[string]string{"for/ever": "1", "for/a/minute": "1"}
		if got := b.RetainedAll(); !maps.Equal(got, both) {
			t.Errorf("retained within a minute: %v, want %v", got, both)
		}
		advance(1)
		if got, ok := b.Retained("for/a/minute"); ok {
			t.Errorf("retained after a minute: %q", got)
		}
		b.Publish("for/ever", "", true)
		if got := b.RetainedAll(); len(got) != 0 {
			t.Errorf("retained after an empty payload: %v", got)
		}
	})
}

func TestSessionsAndWills(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(Broker)
		defer b.Close()
		for _, tt := range []struct {
			name    string
			leave   func(*guest)
			away    time.Duration
			wills   int
			present bool
		}{
			{"back in time", func(*guest) { b.Drop() }, 4 * time.Second, 0, true},
			{"back after the will", func(*guest) { b.Drop() }, 6 * time.Second, 1, true},
			{"back after the session", func(*guest) { b.Drop() }, 61 * time.Second, 1, false},
			{"goodbye", func(g *guest) { g.Disconnect(&paho.Disconnect{}) }, 10 * time.Second, 0, true},
			{"goodbye with the will", func(g *guest) { g.Disconnect(&paho.Disconnect{ReasonCode: 4}) }, 10 * time.Second, 1, true},
			{"taken over", func(*guest) {}, 4 * time.Second, 0, true},
			{"restart", func(*guest) { b.Forget() }, 10 * time.Second, 0, false},
		} {
			g, _ := connectGuest(t, b, tt.name)
			tt.leave(g)
			advance(tt.away)
			g, present := connectGuest(t, b, tt.name)
			advance(time.Minute)
			if n := b.Count("will/" + tt.name); n != tt.wills || present != tt.present {
				t.Errorf("%s: %d wills and session present %t, want %d and %t", tt.name, n, present, tt.wills, tt.present)
			}
			g.Disconnect(&paho.Disconnect{})
		}
	})
}

func TestSubscriptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(Broker)
		defer b.Close()
		b.Publish("a/1", "old", true)
		g, _ := connectGuest(t, b, "g")
		subscribe := func(o paho.SubscribeOptions) {
			if _, err := g.Subscribe(t.Context(), &paho.Subscribe{Subscriptions: []paho.SubscribeOptions{o}}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		subscribe(paho.SubscribeOptions{Topic: "a/+", RetainHandling: 1, NoLocal: true})
		subscribe(paho.SubscribeOptions{Topic: "a/+", RetainHandling: 1, NoLocal: true}) // not new
		subscribe(paho.SubscribeOptions{Topic: "a/+", RetainHandling: 2, NoLocal: true})
		b.Publish("a/2", "new", true)
		g.Publish(t.Context(), &paho.Publish{Topic: "a/3", Payload: []byte("own")})
		synctest.Wait()
		want := []string{"a/1=old retained:true", "a/2=new retained:false"}
		if !slices.Equal(g.heard, want) {
			t.Errorf("heard %q, want %q", g.heard, want)
		}
	})
}

// A frozen broker handles what it has received when it thaws, also from a client
// that has disconnected meanwhile.
func TestFreeze(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(Broker)
		defer b.Close()
		g, _ := connectGuest(t, b, "g")
		b.Freeze()
		if _, err := g.Publish(t.Context(), &paho.Publish{Topic: "t", Payload: []byte("late")}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := g.Publish(ctx, &paho.Publish{Topic: "t", QoS: 1}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("publish to a frozen broker = %v, want %v", err, context.DeadlineExceeded)
		}
		g.conn.Close()
		advance(time.Hour)
		if n := b.Count("t"); n != 0 {
			t.Errorf("the frozen broker has %d messages, want 0", n)
		}
		thawed := time.Now()
		b.Thaw()
		advance(10 * time.Second)
		var times []time.Duration
		for _, m := range b.Messages() {
			times = append(times, m.Time.Sub(thawed))
		}
		if want := []time.Duration{0, 0, 5 * time.Second}; !slices.Equal(times, want) {
			t.Errorf("two messages and the Will came %v after the thaw, want %v", times, want)
		}
	})
}

func TestCloseAndOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &Broker{Keep: func(r Record) bool { return r.Topic != "often" }}
		connectGuest(t, b, "g")
		b.Close()
		if _, err := b.Dial(t.Context(), "tcp", "broker:1883"); err == nil {
			t.Error("a closed broker accepts a connection")
		}
		b.Open()
		if _, present := connectGuest(t, b, "g"); !present {
			t.Error("the session is gone")
		}
		b.Publish("often", "1", false)
		if b.Count("often") != 1 || len(b.Messages()) != 0 {
			t.Errorf("counted %d and kept %v, want 1 and none", b.Count("often"), b.Messages())
		}
		b.Close()
	})
}

// Without QoS 1 or retained messages the broker rejects packets like Mosquitto
// 2.0.11 with max_qos 0 and retain_available false.
func TestUnsupported(t *testing.T) {
	for _, tt := range []struct {
		noQoS1, noRetain bool
		qos              byte
		retain           bool
		want             byte // the reason code of CONNACK and of DISCONNECT
	}{
		{true, true, 0, false, 0},
		{true, false, 1, false, 0x9b},
		{true, false, 0, true, 0},
		{false, true, 0, true, 0x9a},
		{false, true, 1, false, 0},
		{false, false, 1, true, 0},
	} {
		t.Run(fmt.Sprint(tt), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &Broker{NoQoS1: tt.noQoS1, NoRetain: tt.noRetain}
				defer b.Close()
				var goodbye byte
				connect := func(will *paho.WillMessage) (byte, net.Conn) {
					conn, err := b.Dial(t.Context(), "tcp", "broker:1883")
					if err != nil {
						t.Fatal(err)
					}
					c := paho.NewClient(paho.ClientConfig{Conn: conn, OnServerDisconnect: func(d *paho.Disconnect) { goodbye = d.ReasonCode }})
					ack, err := c.Connect(t.Context(), &paho.Connect{ClientID: fmt.Sprint(will == nil), WillMessage: will})
					if ack == nil {
						t.Fatal(err)
					}
					return ack.ReasonCode, conn
				}
				if code, _ := connect(&paho.WillMessage{Topic: "will", QoS: tt.qos, Retain: tt.retain}); code != tt.want {
					t.Errorf("CONNACK %#x, want %#x", code, tt.want)
				}
				_, conn := connect(nil)
				p := packets.NewControlPacket(packets.PUBLISH) // paho would not send it
				m := p.Content.(*packets.Publish)
				m.Topic, m.Payload, m.QoS, m.Retain, m.PacketID = "t", []byte("1"), tt.qos, tt.retain, 1
				if _, err := p.WriteTo(conn); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				if goodbye != tt.want || (b.Count("t") == 1) != (tt.want == 0) {
					t.Errorf("DISCONNECT %#x and %d messages, want %#x", goodbye, b.Count("t"), tt.want)
				}
			})
		})
	}
}
