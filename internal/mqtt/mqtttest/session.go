package mqtttest

import (
	"time"

	"github.com/eclipse/paho.golang/packets"
)

// A session is a client's state, which survives a connection until it expires.
type session struct {
	broker         *Broker
	id             string
	client         *client   // nil while disconnected
	disconnectedAt time.Time // the last time
	expiry         time.Duration
	will           *will // nil if there is none, or it has been published
	subs           map[string]packets.SubOptions
	lastID         uint16 // packet identifier of the last message of QoS 1
}

type will struct {
	Record
	delay time.Duration
}

// openSession sets the session of the client and reports whether it existed.
func (c *client) openSession(m *packets.Connect) (present bool) {
	b := c.broker
	s := b.sessions[m.ClientID]
	if s != nil && s.client != nil {
		s.client.disconnect(packets.DisconnectSessionTakenOver)
		s.onDisconnect(false)
		s = b.sessions[m.ClientID]
	}
	if s != nil && m.CleanStart {
		s.discard()
		s = nil
	}
	if present = s != nil; !present {
		s = &session{broker: b, id: m.ClientID, subs: map[string]packets.SubOptions{}}
		if b.sessions == nil {
			b.sessions = map[string]*session{}
		}
		b.sessions[m.ClientID] = s
	}
	s.client, c.session = c, s
	s.expiry = time.Duration(value(m.Properties.SessionExpiryInterval)) * time.Second
	s.will = nil
	if m.WillFlag {
		s.will = &will{
			Record: Record{Client: s.id, Topic: m.WillTopic, Payload: string(m.WillMessage), Retain: m.WillRetain, QoS: m.WillQOS, Will: true},
			delay:  time.Duration(willDelay(m)) * time.Second,
		}
	}
	return present
}

func willDelay(m *packets.Connect) uint32 {
	if m.WillProperties == nil {
		return 0
	}
	return value(m.WillProperties.WillDelayInterval)
}

// onDisconnect handles the end of the connection. Unless the client has sent
// DISCONNECT, the Will is published after its delay or when the session ends,
// whichever is first.
func (s *session) onDisconnect(disconnected bool) {
	s.client, s.disconnectedAt = nil, time.Now()
	if disconnected {
		s.will = nil
	}
	if s.expiry == 0 {
		s.discard()
		return
	}
	if w := s.will; w != nil {
		s.after(w.delay, func() {
			if s.will == w {
				s.publishWill()
			}
		})
	}
	s.after(s.expiry, s.discard)
}

// after calls f after d, unless the client reconnects before.
func (s *session) after(d time.Duration, f func()) {
	if d == 0 {
		f()
		return
	}
	left := s.disconnectedAt
	time.AfterFunc(d, func() {
		s.broker.do(func() {
			if s.client == nil && s.broker.sessions[s.id] == s && s.disconnectedAt.Equal(left) {
				f()
			}
		})
	})
}

// discard ends the session.
func (s *session) discard() {
	if s.broker.sessions[s.id] == s {
		delete(s.broker.sessions, s.id)
	}
	s.publishWill()
}

// publishWill publishes the Will, once.
func (s *session) publishWill() {
	if w := s.will; w != nil {
		s.will = nil
		w.Time = time.Now()
		s.broker.publish(w.Record)
	}
}

// subscribe adds subscriptions and returns the QoS granted to each,
// or why it is denied.
func (s *session) subscribe(subs []packets.SubOptions) []byte {
	reasons := make([]byte, len(subs))
	for i, o := range subs {
		if reasons[i] = s.broker.access.denied[o.Topic]; reasons[i] != 0 {
			subs[i].RetainHandling = packets.RetainDoNotSend
			continue
		}
		_, known := s.subs[o.Topic]
		if known && o.RetainHandling == packets.RetainSendOnSubscribeIfNew {
			subs[i].RetainHandling = packets.RetainDoNotSend
		}
		o.QoS = min(o.QoS, 1)
		if s.broker.NoQoS1 {
			o.QoS = 0
		}
		reasons[i] = o.QoS
		s.subs[o.Topic] = o
	}
	return reasons
}

// sendRetained sends the retained messages that the subscriptions request.
func (s *session) sendRetained(subs []packets.SubOptions) {
	for _, o := range subs {
		if o.RetainHandling == packets.RetainDoNotSend {
			continue
		}
		for topic, r := range s.broker.retained.unexpired() {
			if match(o.Topic, topic) {
				s.send(topic, r.payload, min(o.QoS, r.qos), true)
			}
		}
	}
}

// deliver sends a message once if it matches a subscription.
func (s *session) deliver(r Record) {
	for filter, o := range s.subs {
		if match(filter, r.Topic) && (!o.NoLocal || r.Client != s.id) {
			s.send(r.Topic, r.Payload, min(o.QoS, r.QoS), r.Retain && o.RetainAsPublished)
			return
		}
	}
}

func (s *session) send(topic, payload string, qos byte, retain bool) {
	if s.client == nil {
		return
	}
	s.client.send(packets.PUBLISH, func(p *packets.ControlPacket) {
		m := p.Content.(*packets.Publish)
		m.Topic, m.Payload, m.QoS, m.Retain = topic, []byte(payload), qos, retain
		if qos > 0 {
			s.lastID = max(s.lastID+1, 1)
			m.PacketID = s.lastID
		}
	})
}
