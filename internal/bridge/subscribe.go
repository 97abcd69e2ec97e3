package bridge

import (
	"context"
	"errors"
	"fmt"

	"github.com/eclipse/paho.golang/paho"
)

// A subscription is a topic filter and how its messages are wanted.
type subscription struct {
	topic          string
	qos            byte
	noLocal        bool // not what this link has published
	retainHandling byte // retained messages: 0 send, 1 send to a new subscription, 2 do not send
}

// subscribe subscribes for the present connection, and the session after it.
func (l *link) subscribe(ctx context.Context, subs ...subscription) error {
	o, err := l.state()
	if err == nil {
		err = checkFilters(o.packetLimit(), subs...)
	}
	if err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	p := new(paho.Subscribe)
	for _, s := range subs {
		p.Subscriptions = append(p.Subscriptions, paho.SubscribeOptions{
			Topic: s.topic, QoS: s.qos, NoLocal: s.noLocal, RetainHandling: s.retainHandling,
		})
	}
	err = o.await(ctx, func(ctx context.Context) error {
		ack, err := o.cm.Subscribe(ctx, p)
		if ack == nil {
			return err
		}
		var errs []error
		for i, code := range ack.Reasons {
			if code >= failure && i < len(subs) {
				errs = append(errs, fmt.Errorf("%s: %w", subs[i].topic, reason(code)))
			}
		}
		return errors.Join(errs...)
	})
	if err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	return nil
}

// unsubscribe ends subscriptions.
func (l *link) unsubscribe(ctx context.Context, filters ...string) error {
	var subs []subscription
	for _, f := range filters {
		subs = append(subs, subscription{topic: f})
	}
	o, err := l.state()
	if err == nil {
		err = checkFilters(o.packetLimit(), subs...)
	}
	if err == nil {
		err = o.await(ctx, func(ctx context.Context) error {
			_, err := o.cm.Unsubscribe(ctx, &paho.Unsubscribe{Topics: filters})
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("unsubscribe: %w", err)
	}
	return nil
}

// received passes on what the broker sends.
func (l *link) received(r paho.PublishReceived) (bool, error) {
	if l.ev.message != nil && !l.closing.Load() {
		l.ev.message(r.Packet.Topic, r.Packet.Payload, r.Packet.Retain)
	}
	return true, nil
}
