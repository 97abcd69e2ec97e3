package outbox_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox/outboxtest"
)

func TestLateAcknowledgementsDoNotDelayLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &mqtttest.Broker{Delay: 4 * time.Second, ReceiveMaximum: 5}
		o := outbox.New()
		serve(t, o, b)
		for i := range 26 {
			o.Set(outbox.Entry{Topic: fmt.Sprintf("envoy/1/inverter/%d", i), Payload: []byte("{}")})
		}
		publishLive(o, 30)
		live := outboxtest.Received(b, "/live")
		if len(live) != 30 {
			t.Errorf("received %d live documents, want 30", len(live))
		}
		for _, r := range live {
			if d := delay(t, r); d > 0 {
				t.Errorf("live document was %v late", d)
			}
		}
		if n := len(b.RetainedAll()); n != 26 {
			t.Errorf("%d topics are retained, want 26", n)
		}
		if n := len(b.Connects()); n != 1 { // the broker ends a connection above the receive maximum
			t.Errorf("%d connects, want 1", n)
		}
	})
}

func TestFrozenBrokerReceivesOneLateDocument(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &mqtttest.Broker{}
		o := outbox.New()
		serve(t, o, b)
		publishLive(o, 3)
		b.Freeze()
		publishLive(o, 4)
		b.Thaw()
		publishLive(o, 3)
		late := 0
		for _, r := range outboxtest.Received(b, "/live") {
			if delay(t, r) > 0 {
				late++
			}
		}
		if late > 1 {
			t.Errorf("the broker received %d late live documents, want at most 1", late)
		}
		if n := len(outboxtest.Received(b, "/live")); n != 3+late+3 {
			t.Errorf("received %d live documents, want %d", n, 3+late+3)
		}
	})
}

func TestReconnectSendsInOrderOfPriority(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &mqtttest.Broker{}
		o := outbox.New()
		serve(t, o, b)
		o.Set(outbox.Entry{Topic: "bridge/state", Payload: []byte("online"), Priority: outbox.BridgeState})
		o.Set(outbox.Entry{Topic: "availability", Payload: []byte("online"), Priority: outbox.Availability})
		o.SetValues("values", []outbox.Value{{Topic: "power", Number: 1}}, time.Now(), throttle)
		o.Set(outbox.Entry{Topic: "config", Encode: func() []byte { return []byte("{}") }, Priority: outbox.Discovery})
		o.Set(outbox.Entry{Topic: "expired", Payload: []byte("1"), Expires: time.Now().Add(time.Second), Priority: outbox.State})
		synctest.Wait()
		before := len(outboxtest.Received(b, ""))
		time.Sleep(time.Second)
		b.Drop()
		time.Sleep(2 * time.Second)
		var topics []string
		for _, r := range outboxtest.Received(b, "")[before:] {
			topics = append(topics, r.Topic)
		}
		if got, want := fmt.Sprint(topics), "[config values/power availability bridge/state]"; got != want {
			t.Errorf("after the reconnect: %v, want %v", got, want)
		}
	})
}

func TestForgottenEntryIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &mqtttest.Broker{Delay: time.Second, ReceiveMaximum: 1}
		o := outbox.New()
		serve(t, o, b)
		o.Set(outbox.Entry{Topic: "envoy/1", Payload: []byte("{}")})
		synctest.Wait()
		o.Set(outbox.Entry{Topic: "envoy/2/info", Payload: []byte("{}")})
		o.Set(outbox.Entry{Topic: "envoy/20", Payload: []byte("{}")})
		o.Forget("envoy/2")
		time.Sleep(5 * time.Second)
		want := map[string]string{"envoy/1": "{}", "envoy/20": "{}"}
		if got := b.RetainedAll(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("retained: %v, want %v", got, want)
		}
	})
}

// TestAcknowledgementOfOlderRevision checks that an acknowledgement counts only
// for the revision that was sent.
func TestAcknowledgementOfOlderRevision(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &mqtttest.Broker{Delay: 4 * time.Second}
		o := outbox.New()
		serve(t, o, b)
		for range 2 {
			o.Set(outbox.Entry{Topic: "config", Payload: []byte("{}")})
			time.Sleep(3 * time.Second)
		}
		if o.IsAcknowledged("config") { // 6 s: the first revision was acknowledged after 4 s
			t.Error("the second revision is acknowledged after 3 s, want 4 s")
		}
		time.Sleep(1500 * time.Millisecond)
		if !o.IsAcknowledged("config") {
			t.Error("the second revision is not acknowledged after 4.5 s")
		}
	})
}

// TestRejectedMessage checks that a rejection is reported, that everything is sent
// again after a minute, and that other messages do not wait for it.
func TestRejectedMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		b := &mqtttest.Broker{MaximumPacketSize: 1000}
		b.Deny("config", 0x97)
		time.AfterFunc(90*time.Second, func() { b.Deny("config", 0) })
		o := outbox.New()
		var events []string
		w := &outbox.Writer{
			Outbox: o,
			OnRejected: func(topic string, _ error) {
				events = append(events, fmt.Sprintf("%.0f s: %s", time.Since(start).Seconds(), topic))
			},
			OnAccepted: func() {
				events = append(events, fmt.Sprintf("%.0f s: accepted", time.Since(start).Seconds()))
			},
		}
		outboxtest.Serve(t, w, b)
		o.Set(outbox.Retained(outbox.Discovery, "large", strings.Repeat("x", 1000)))
		synctest.Wait()
		o.Set(outbox.Retained(outbox.Discovery, "config", "{}"))
		o.Set(outbox.Retained(outbox.State, "info", "{}"))
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		want := []string{"0 s: large", "0 s: config", "60 s: large", "60 s: config", "120 s: large", "120 s: accepted"}
		if !slices.Equal(events, want) {
			t.Errorf("events %q, want %q", events, want)
		}
		for topic, want := range map[string][]time.Duration{"info": {0, time.Minute, 2 * time.Minute}, "config": {2 * time.Minute}} {
			var times []time.Duration
			for _, r := range outboxtest.Received(b, topic) {
				times = append(times, r.Time.Sub(start))
			}
			if !slices.Equal(times, want) {
				t.Errorf("%s was received after %v, want %v", topic, times, want)
			}
		}
	})
}

// TestUnacknowledged checks that Serve names the message that a connection ended
// with first, and that messages that are skipped are not sent.
func TestUnacknowledged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(mqtttest.Broker)
		b.Cut("poison")
		o := outbox.New()
		var skip atomic.Bool
		w := &outbox.Writer{Outbox: o, Skip: func(topic string) bool { return skip.Load() && topic == "poison" }}
		ends := outboxtest.Serve(t, w, b)
		for _, topic := range []string{"a", "poison", "b"} {
			o.Set(outbox.Retained(outbox.State, topic, "x"))
			synctest.Wait()
		}
		if got := <-ends; !slices.Equal(got, []string{"poison"}) {
			t.Errorf("unacknowledged: %v, want poison", got)
		}
		skip.Store(true)
		time.Sleep(time.Minute)
		if got, want := fmt.Sprint(b.RetainedAll()), "map[a:x b:x]"; got != want {
			t.Errorf("retained %s, want %s", got, want)
		}
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &mqtttest.Broker{Delay: 100 * time.Millisecond}
		o := outbox.New()
		serve(t, o, b)
		setValues := func(power, energy float64) {
			o.SetValues("envoy/1", []outbox.Value{{Topic: "power", Number: power}, {Topic: "energy", Number: energy, IsCounter: true}}, time.Now(), throttle)
		}
		setValues(1, 100)
		time.Sleep(time.Second)
		setValues(2, 101)
		done := o.Close(outbox.Entry{Topic: "envoy/1/availability", Payload: []byte("offline")})
		setValues(3, 102)
		start := time.Now()
		<-done
		if d := time.Since(start); d != b.Delay {
			t.Errorf("the final message was acknowledged after %v, want %v", d, b.Delay)
		}
		want := map[string]string{"envoy/1/power": "1", "envoy/1/energy": "101", "envoy/1/availability": "offline"}
		if got := b.RetainedAll(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("retained: %v, want %v", got, want)
		}
		select {
		case <-outbox.New().Close():
		default:
			t.Error("Close without final messages waits")
		}
	})
}

// TestFrozenBrokerReceivesNoOldValues checks that retained values wait until the
// broker has answered the barrier behind the live documents: a broker that is frozen
// would publish them when it resumes.
func TestFrozenBrokerReceivesNoOldValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &mqtttest.Broker{}
		o := outbox.New()
		serve(t, o, b)
		throttle := outbox.Throttle{MinInterval: time.Second, CounterInterval: time.Minute, TTL: 30 * time.Second, NextSample: time.Second}
		publish := func(seconds int) {
			for range seconds {
				now := time.Now()
				o.SetLive("1", []mqtt.Message{{Topic: "envoy/1/live", Payload: []byte(now.Format(time.RFC3339Nano))}}, now.Add(time.Second))
				o.SetValues("envoy/1", []outbox.Value{{Topic: "grid/time", Number: float64(now.Unix())}}, now, throttle)
				time.Sleep(time.Second)
			}
		}
		publish(3)
		if n := len(outboxtest.Received(b, "/grid/time")); n != 3 {
			t.Errorf("received %d values, want 3", n)
		}
		b.Freeze()
		publish(4)
		time.Sleep(time.Hour)
		b.Thaw()
		publish(3)
		for _, r := range outboxtest.Received(b, "/grid/time") {
			if sentAt := strconv.FormatInt(r.Time.Unix(), 10); r.Payload != sentAt {
				t.Errorf("the value of %s came at %s", r.Payload, sentAt)
			}
		}
	})
}

// TestLargeDocuments checks that live documents wait for one large document at most
// on a slow link, and that these do not wait for late acknowledgements.
func TestLargeDocuments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &mqtttest.Broker{SendRate: 20_000, Delay: 4 * time.Second}
		o := outbox.New()
		serve(t, o, b)
		start := time.Now()
		for i := range 20 {
			o.Set(outbox.Entry{Topic: fmt.Sprintf("envoy/1/%d/inverter", i), Payload: make([]byte, 6<<10)})
		}
		publishLive(o, 10)
		for _, r := range outboxtest.Received(b, "/live") {
			if late := delay(t, r); late > 500*time.Millisecond {
				t.Errorf("a live document is %v late", late)
			}
		}
		documents := outboxtest.Received(b, "/inverter")
		if len(documents) != 20 {
			t.Fatalf("%d documents were sent, want 20", len(documents))
		}
		// 20 times 6 kB at 20 kB/s, and some live documents.
		if took := documents[19].Time.Sub(start); took > 6500*time.Millisecond {
			t.Errorf("20 documents took %v", took)
		}
	})
}
