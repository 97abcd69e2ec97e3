package outbox_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox/outboxtest"
)

func TestSetIfChanged(t *testing.T) {
	const minInterval = 10 * time.Second
	synctest.Test(t, func(t *testing.T) {
		b := &mqtttest.Broker{}
		o := outbox.New()
		serve(t, o, b)
		rows := []struct {
			name    string
			wait    time.Duration // before the payload is set
			payload string
			want    string // payload at the broker
		}{
			{"first", 0, "1", "1"},
			{"changed too soon", 5 * time.Second, "2", "1"},
			{"changed after the interval", 5 * time.Second, "2", "2"},
			{"equal after the interval", time.Minute, "2", "2"},
			{"changed long after", 0, "3", "3"},
		}
		for _, row := range rows {
			time.Sleep(row.wait)
			o.SetIfChanged(outbox.Entry{Topic: "info", Payload: []byte(row.payload)}, minInterval)
			synctest.Wait()
			if got := b.RetainedAll()["info"]; got != row.want {
				t.Errorf("%s: retained %q, want %q", row.name, got, row.want)
			}
		}
		if n := len(outboxtest.Received(b, "info")); n != 3 {
			t.Errorf("info was sent %d times, want 3", n)
		}
		o.Set(outbox.Entry{Topic: "info"})
		o.SetIfChanged(outbox.Entry{Topic: "info", Payload: []byte("3")}, minInterval)
		synctest.Wait()
		if got := b.RetainedAll()["info"]; got != "3" {
			t.Errorf("after the removal: retained %q, want 3", got)
		}
	})
}

func TestRemoveUnused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &mqtttest.Broker{}
		o := outbox.New()
		serve(t, o, b)
		o.Set(outbox.Entry{Topic: "1/info", Payload: []byte("{}")})
		o.SetValues("1", []outbox.Value{{Topic: "power", Number: 5}}, time.Now(), throttle)
		synctest.Wait()
		o.RemoveUnused([]string{"1/info", "1/power", "2/power"})
		if !o.IsRemoving("2/power") || o.IsRemoving("1/power") {
			t.Errorf("removing 2/power: %t, 1/power: %t; want only 2/power", o.IsRemoving("2/power"), o.IsRemoving("1/power"))
		}
		synctest.Wait()
		if got := b.RetainedAll(); got["1/info"] != "{}" || got["1/power"] != "5" || len(outboxtest.Received(b, "2/power")) != 1 {
			t.Errorf("retained %v, and 2/power received %v; want the content kept and one empty message", got, outboxtest.Received(b, "2/power"))
		}
	})
}

// TestRemoveLater checks that a topic leaves the outbox at once and the broker
// after the delay, unless it has content again.
func TestRemoveLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(mqtttest.Broker)
		o := outbox.New()
		serve(t, o, b)
		values := []outbox.Value{{Topic: "power", Number: 5}, {Topic: "voltage", Number: 230}}
		set := func() { o.SetValues("1", values, time.Now(), throttle) }
		set()
		o.Set(outbox.Retained(outbox.State, "1/inverter/2", "{}"))
		synctest.Wait()
		o.RemoveLater([]string{"1/power", "1/inverter/2"}, 10*time.Second)
		time.Sleep(9 * time.Second)
		if got, want := fmt.Sprint(b.RetainedAll()), "map[1/inverter/2:{} 1/power:5 1/voltage:230]"; got != want {
			t.Errorf("after 9 s: retained %s, want %s", got, want)
		}
		time.Sleep(2 * time.Second)
		if got, want := fmt.Sprint(b.RetainedAll()), "map[1/voltage:230]"; got != want {
			t.Errorf("after 11 s: retained %s, want %s", got, want)
		}
		set()
		o.RemoveLater([]string{"1/power"}, 10*time.Second)
		set()
		time.Sleep(11 * time.Second)
		if got, want := fmt.Sprint(b.RetainedAll()), "map[1/power:5 1/voltage:230]"; got != want {
			t.Errorf("with new content: retained %s, want %s", got, want)
		}
	})
}

// TestExpiry checks the message expiry of values and entries, also when they
// are sent again, and that nothing is sent that has expired.
func TestExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(mqtttest.Broker)
		o := outbox.New()
		serve(t, o, b)
		o.SetValues("1", []outbox.Value{{Topic: "power", Number: 5}, {Topic: "energy", Number: 7, IsCounter: true}}, time.Now(), throttle)
		o.Set(outbox.Entry{Topic: "1/inverter/2", Payload: []byte("{}"), Expires: time.Now().Add(30 * time.Second)})
		rows := []struct {
			wait time.Duration // before everything is sent again
			want string        // topics and message expiry in seconds
		}{
			{0, "1/power 120, 1/energy 0, 1/inverter/2 30, "},
			{20 * time.Second, "1/power 100, 1/energy 0, 1/inverter/2 10, "},
			{20 * time.Second, "1/power 80, 1/energy 0, "},
			{90 * time.Second, "1/energy 0, "},
		}
		for n, row := range rows {
			if n > 0 {
				time.Sleep(row.wait)
				b.Discard()
				o.RequeueAll()
			}
			synctest.Wait()
			var got strings.Builder
			for _, r := range b.Messages() {
				fmt.Fprintf(&got, "%s %d, ", r.Topic, r.Expiry)
			}
			if got.String() != row.want {
				t.Errorf("after %v: sent %q, want %q", row.wait, got.String(), row.want)
			}
		}
	})
}

func TestLiveExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(mqtttest.Broker)
		b.Close()
		o := outbox.New()
		serve(t, o, b)
		live := func(gateway, payload string, ttl time.Duration) {
			o.SetLive(gateway, []mqtt.Message{{Topic: gateway, Payload: []byte(payload)}}, time.Now().Add(ttl))
		}
		live("a", "old", time.Hour)
		live("b", "expired", time.Second)
		live("a", "new", time.Hour)
		time.Sleep(2 * time.Second)
		b.Open()
		time.Sleep(time.Minute)
		if rs := b.Messages(); len(rs) != 1 || rs[0].Payload != "new" {
			t.Errorf("received %v, want the newest of a", rs)
		}
	})
}
