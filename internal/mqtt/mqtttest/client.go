package mqtttest

import (
	"bufio"
	"net"
	"slices"
	"time"

	"github.com/eclipse/paho.golang/packets"
)

// A client is a connection to the broker. One goroutine reads packets, another
// writes them; both handle them with the broker's lock held.
type client struct {
	broker *Broker
	conn   net.Conn
	wake   chan struct{} // queue or closing has changed
	done   chan struct{} // closed when the connection has ended

	session *session // nil until CONNECT is accepted
	queue   []*packets.ControlPacket
	closing bool // close the connection when the queue is written

	inFlight uint16 // messages of QoS 1 without a PUBACK
}

func (c *client) read() {
	b := c.broker
	defer func() {
		c.conn.Close()
		close(c.done)
		b.mu.Lock()
		delete(b.clients, c)
		b.mu.Unlock()
		b.do(func() { c.detach(false) })
	}()
	in := bufio.NewReader(c.conn)
	arrival := time.Now() // of the last packet
	for {
		p, err := packets.ReadPacket(in)
		if err != nil {
			return
		}
		if b.SendRate == 0 {
			b.do(func() { c.handle(p) })
			continue
		}
		if now := time.Now(); arrival.Before(now) {
			arrival = now
		}
		arrival = arrival.Add(time.Duration(size(p)) * time.Second / time.Duration(b.SendRate))
		time.AfterFunc(time.Until(arrival), func() { b.do(func() { c.handle(p) }) })
	}
}

func (c *client) write() {
	for {
		select {
		case <-c.wake:
		case <-c.done:
			return
		}
		c.broker.mu.Lock()
		queue, ending := c.queue, c.closing
		c.queue = nil
		c.broker.mu.Unlock()
		for _, p := range queue {
			if c.broker.Rate > 0 {
				<-time.After(time.Duration(size(p)) * time.Second / time.Duration(c.broker.Rate))
			}
			if _, err := p.WriteTo(c.conn); err != nil {
				return
			}
		}
		if ending {
			c.conn.Close()
		}
	}
}

// send queues a packet of the given type, filled in by fill.
func (c *client) send(kind byte, fill func(*packets.ControlPacket)) {
	p := packets.NewControlPacket(kind)
	if fill != nil {
		fill(p)
	}
	c.queue = append(c.queue, p)
	c.notify()
}

// closeAfterQueue closes the connection when the queue is written.
func (c *client) closeAfterQueue() {
	c.closing = true
	c.notify()
}

func (c *client) notify() {
	select {
	case c.wake <- struct{}{}:
	default: // write has a notification already
	}
}

// detach separates the client from its session. The session publishes the Will
// unless the client has sent DISCONNECT.
func (c *client) detach(disconnected bool) {
	if s := c.session; s != nil && s.client == c {
		s.onDisconnect(disconnected)
	}
}

func (c *client) handle(p *packets.ControlPacket) {
	if m, ok := p.Content.(*packets.Connect); ok {
		c.connect(m)
		return
	}
	if c.session == nil || c.session.client != c {
		return // not connected, or taken over
	}
	switch m := p.Content.(type) {
	case *packets.Pingreq:
		c.send(packets.PINGRESP, nil)
	case *packets.Publish:
		c.publish(m, p)
	case *packets.Subscribe:
		if len(m.Subscriptions) == 0 || slices.ContainsFunc(m.Subscriptions, func(o packets.SubOptions) bool { return c.broker.access.isCut(o.Topic) }) {
			c.abort(packets.DisconnectProtocolError)
			return
		}
		for _, o := range m.Subscriptions {
			c.broker.subscribes = append(c.broker.subscribes, Subscribe{o.Topic, o.RetainHandling, o.NoLocal})
		}
		reasons := c.session.subscribe(m.Subscriptions)
		c.send(packets.SUBACK, func(p *packets.ControlPacket) {
			a := p.Content.(*packets.Suback)
			a.PacketID, a.Reasons = m.PacketID, reasons
		})
		c.session.sendRetained(m.Subscriptions)
	case *packets.Unsubscribe:
		if len(m.Topics) == 0 {
			c.abort(packets.DisconnectProtocolError)
			return
		}
		for _, filter := range m.Topics {
			delete(c.session.subs, filter)
		}
		c.send(packets.UNSUBACK, func(p *packets.ControlPacket) {
			a := p.Content.(*packets.Unsuback)
			a.PacketID, a.Reasons = m.PacketID, make([]byte, len(m.Topics))
		})
	case *packets.Disconnect:
		c.detach(m.ReasonCode == packets.DisconnectNormalDisconnection)
		c.closeAfterQueue()
	}
}

func (c *client) connect(m *packets.Connect) {
	b := c.broker
	reason := b.refusal
	if reason == 0 && m.WillFlag {
		reason = c.unsupported(m.WillQOS, m.WillRetain)
	}
	b.connects = append(b.connects, Connect{
		Time: time.Now(), ClientID: m.ClientID, Username: m.Username, CleanStart: m.CleanStart, KeepAlive: m.KeepAlive,
		SessionExpiry: value(m.Properties.SessionExpiryInterval), ReceiveMaximum: value(m.Properties.ReceiveMaximum),
		WillDelay: willDelay(m), Reason: reason,
	})
	present := reason == 0 && c.openSession(m)
	c.send(packets.CONNACK, func(p *packets.ControlPacket) {
		a := p.Content.(*packets.Connack)
		a.ReasonCode, a.SessionPresent = reason, present
		if b.NoQoS1 {
			a.Properties.MaximumQOS = new(byte(0))
		}
		if reason != 0 {
			return
		}
		if b.MaximumPacketSize > 0 {
			a.Properties.MaximumPacketSize = new(b.MaximumPacketSize)
		}
		if b.ReceiveMaximum > 0 {
			a.Properties.ReceiveMaximum = new(b.ReceiveMaximum)
		}
		if b.NoRetain {
			a.Properties.RetainAvailable = new(byte(0))
		}
	})
	if reason != 0 {
		c.closeAfterQueue()
	}
}

// unsupported returns why the broker rejects a message with that QoS and retain
// flag, or 0. If both are unsupported, Mosquitto's reasons for a Will and a PUBLISH
// differ; clients need not care.
func (c *client) unsupported(qos byte, retain bool) byte {
	switch {
	case retain && c.broker.NoRetain:
		return packets.ConnackRetainNotSupported
	case qos > 0 && c.broker.NoQoS1:
		return packets.ConnackQoSNotSupported
	}
	return 0
}

func (c *client) publish(m *packets.Publish, p *packets.ControlPacket) {
	b := c.broker
	if b.MaximumPacketSize > 0 && size(p) > b.MaximumPacketSize {
		c.abort(packets.DisconnectPacketTooLarge)
		return
	}
	if reason := c.unsupported(m.QoS, m.Retain); reason != 0 {
		c.disconnect(reason)
		c.detach(false)
		return
	}
	if b.access.isCut(m.Topic) {
		c.abort(packets.DisconnectProtocolError)
		return
	}
	denial := b.access.denial(m.Topic)
	if denial == 0 {
		b.publish(Record{
			Time: time.Now(), Client: c.session.id, Topic: m.Topic, Payload: string(m.Payload),
			Retain: m.Retain, QoS: m.QoS, Expiry: value(m.Properties.MessageExpiry),
		})
	}
	if m.QoS == 0 {
		return
	}
	if c.inFlight++; b.ReceiveMaximum > 0 && c.inFlight > b.ReceiveMaximum {
		c.abort(packets.DisconnectReceiveMaximumExceeded)
		return
	}
	answer := func() {
		c.inFlight--
		c.send(packets.PUBACK, func(p *packets.ControlPacket) {
			a := p.Content.(*packets.Puback)
			a.PacketID, a.ReasonCode = m.PacketID, denial
		})
	}
	if b.Delay == 0 {
		answer()
	} else {
		time.AfterFunc(b.Delay, func() { b.do(answer) })
	}
}

// abort sends DISCONNECT and treats the client as lost.
func (c *client) abort(reason byte) {
	c.disconnect(reason)
	c.detach(false)
}

// disconnect sends DISCONNECT and closes the connection.
func (c *client) disconnect(reason byte) {
	c.send(packets.DISCONNECT, func(p *packets.ControlPacket) { p.Content.(*packets.Disconnect).ReasonCode = reason })
	c.closeAfterQueue()
}
