package mqtt

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/eclipse/paho.golang/paho"
)

// A Subscription is a topic filter and its options.
type Subscription struct {
	Filter         string
	QoS            byte // highest QoS of the messages sent to us
	NoLocal        bool // exclude messages published by this client
	RetainHandling byte // retained messages: 0 send, 1 send only if the subscription is new, 2 do not send
	// KeepRetain marks messages as retained that are published as such while the
	// subscription exists, not only those sent because of RetainHandling.
	KeepRetain bool
}

// Subscribe subscribes and waits for the SUBACK. The subscriptions belong to the
// broker's session, which lasts until the client has been disconnected for 60 s.
// Subscribe again after each connection.
func (c *Client) Subscribe(ctx context.Context, subs ...Subscription) error {
	conn, err := c.active()
	if err == nil {
		err = checkFilters(conn.packetLimit(), subs...)
	}
	if err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	p := new(paho.Subscribe)
	for _, s := range subs {
		p.Subscriptions = append(p.Subscriptions, paho.SubscribeOptions{
			Topic: s.Filter, QoS: s.QoS, NoLocal: s.NoLocal, RetainHandling: s.RetainHandling, RetainAsPublished: s.KeepRetain,
		})
	}
	err = conn.waitAck(ctx, func(ctx context.Context) error {
		ack, err := conn.manager.Subscribe(ctx, p)
		if ack == nil {
			return err
		}
		var errs []error
		for i, code := range ack.Reasons {
			if code >= minFailure && i < len(subs) {
				errs = append(errs, fmt.Errorf("%s: %w", subs[i].Filter, ReasonCode(code)))
			}
		}
		return errors.Join(errs...)
	})
	if err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	return nil
}

// Unsubscribe ends subscriptions and waits for the UNSUBACK.
func (c *Client) Unsubscribe(ctx context.Context, filters ...string) error {
	var subs []Subscription
	for _, f := range filters {
		subs = append(subs, Subscription{Filter: f})
	}
	conn, err := c.active()
	if err == nil {
		err = checkFilters(conn.packetLimit(), subs...)
	}
	if err == nil {
		err = conn.waitAck(ctx, func(ctx context.Context) error {
			_, err := conn.manager.Unsubscribe(ctx, &paho.Unsubscribe{Topics: filters})
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("unsubscribe: %w", err)
	}
	return nil
}

// waitAck calls f, which waits for an acknowledgement. The context of f ends
// with ctx or with the connection; the error names it. f itself returns after
// ackTimeout.
func (c *connection) waitAck(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(c.ctx, func() { cancel(ErrNotConnected) })()
	err := f(ctx)
	switch {
	case err == nil:
		return nil
	case c.netConn.Err() != nil:
		return fmt.Errorf("%w: %w", ErrNotConnected, c.netConn.Err())
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no answer from the broker within %v: %w", ackTimeout, err)
	}
	return err
}

// checkFilter returns an error if the topic filter of s is invalid.
func (s Subscription) checkFilter() error {
	levels := strings.Split(s.Filter, "/")
	for i, level := range levels {
		if strings.ContainsAny(level, "+#") && len(level) > 1 || level == "#" && i < len(levels)-1 {
			return fmt.Errorf("%w: topic filter %q has a wildcard that is not a whole level, or # before the end", ErrInvalidPacket, s.Filter)
		}
	}
	switch {
	case s.Filter == "":
		return fmt.Errorf("%w: no topic filter", ErrInvalidPacket)
	case levels[0] == "$share" && (s.NoLocal || len(levels) < 3 || levels[1] == "" || strings.ContainsAny(levels[1], "+#")):
		return fmt.Errorf("%w: topic filter %q is not that of a shared subscription", ErrInvalidPacket, s.Filter)
	}
	return checkString("topic filter", s.Filter)
}

// checkFilters returns an error if a SUBSCRIBE or UNSUBSCRIBE with these topic
// filters is invalid or has more than limit bytes.
func checkFilters(limit int, subs ...Subscription) error {
	if len(subs) == 0 {
		return fmt.Errorf("%w: no topic filters", ErrInvalidPacket)
	}
	const header, packetID, properties, length, options = 5, 2, 1, 2, 1
	size := header + packetID + properties
	for _, s := range subs {
		if err := s.checkFilter(); err != nil {
			return err
		}
		size += length + len(s.Filter) + options
	}
	if size > limit {
		return fmt.Errorf("%w: %d bytes are more than the %d that a packet may have", ErrInvalidPacket, size, limit)
	}
	return nil
}
