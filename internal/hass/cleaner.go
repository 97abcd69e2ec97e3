package hass

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
)

// A Cleaner removes from the broker what previous runs have published and this
// run does not renew: topics under another base topic or discovery prefix, and
// those of gateways that are no longer polled. It removes only topics below those
// of a gateway or of the bridge in such a namespace, and discovery documents that
// refer to them.
type Cleaner struct {
	Outbox   *outbox.Outbox
	Inbox    *Inbox      // nil without discovery
	Previous []Namespace // changed by Run
	Current  Namespace   // of this run; the serial numbers are those of ActiveSerials
	Topics   Topics      // in Current
	Foreign  []string    // serial numbers of gateways that other processes publish
	Origin   string      // name of the program in documents
	// TopicsOf returns the topics with a base topic.
	TopicsOf func(base string) Topics
	// IsPublished reports whether the broker has acknowledged the documents of a
	// gateway, or of the bridge, whose serial is "".
	IsPublished func(serial string) bool
	// ActiveSerials returns the serial numbers of the gateways of this run.
	ActiveSerials func() []string
	// IsComplete reports whether every entity that a previous run has published
	// for a gateway was published again or removed.
	IsComplete func(serial string) bool
	// OnRemoved, if not nil, is called after topics of a namespace have been
	// removed. Its serial numbers are those of gateways that are not renewed.
	OnRemoved func(n Namespace, topics int)
	// OnCleaned, if not nil, is called with each namespace that has no topics any
	// more that are not renewed.
	OnCleaned func(Namespace)

	collection collection
}

// Run cleans every previous namespace over one connection, whose lifetime is ctx.
// After an error it may be called again over another connection.
func (c *Cleaner) Run(ctx context.Context, client *mqtt.Client) error {
	for len(c.Previous) > 0 {
		n := c.Previous[0]
		n.Serials = slices.DeleteFunc(slices.Clone(n.Serials), func(serial string) bool { return slices.Contains(c.Foreign, serial) })
		if c.isCurrent(n) {
			n.Serials = c.obsoleteSerials(n)
		}
		if !c.isEmpty(n) {
			removed, err := c.clean(ctx, client, n)
			if err != nil {
				return fmt.Errorf("%s: %w", n.Topic, err)
			}
			if c.OnRemoved != nil {
				c.OnRemoved(n, removed)
			}
		}
		if c.OnCleaned != nil && (!c.isEmpty(n) || !c.isCurrent(n)) {
			c.OnCleaned(n)
		}
		c.Previous = c.Previous[1:]
	}
	return nil
}

// clean removes the topics of n and returns how many there were: first the
// discovery documents, so that the entities are removed, and the other topics
// when Home Assistant does not read them any more. The discovery documents under
// the present prefix are in the inbox.
func (c *Cleaner) clean(ctx context.Context, client *mqtt.Client, n Namespace) (removed int, err error) {
	old := c.TopicsOf(n.Topic)
	var documents, others []string // filters
	if n.Prefix != "" && n.Prefix != c.Current.Prefix {
		documents = slices.Concat(Filters(n.Prefix, ByDevice), Filters(n.Prefix, ByEntity))
	}
	for _, serial := range c.obsoleteSerials(n) {
		others = append(others, old.Gateway(serial)+"/#")
	}
	if n.Topic != c.Current.Topic {
		others = append(others, old.Bridge("+"))
	}
	removed, err = c.removeRetained(ctx, client, n, documents, nil)
	if err != nil {
		return removed, err
	}
	var known []string
	for topic, payload := range c.Inbox.payloads() {
		if c.isObsolete(n, topic, []byte(payload)) {
			known = append(known, topic)
		}
	}
	if err := c.remove(ctx, known); err != nil {
		return removed, err
	}
	count, err := c.removeRetained(ctx, client, n, others, func() error {
		if err := c.waitForReplacement(ctx, n); err != nil {
			return err
		}
		return sleep(ctx, processingDelay)
	})
	return removed + len(known) + count, err
}

// remove removes topics and waits until the broker has acknowledged it.
func (c *Cleaner) remove(ctx context.Context, topics []string) error {
	const pollInterval = 100 * time.Millisecond
	c.Outbox.RemoveUnused(topics)
	for slices.ContainsFunc(topics, c.Outbox.IsRemoving) {
		if err := sleep(ctx, pollInterval); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// replacementTimeout is how long, after a gateway has been published, entities of
// a previous run may be published again: three answers with inverters take ten
// minutes.
const replacementTimeout = 20 * time.Minute

// waitForReplacement waits until no discovery document refers to topics of n:
// those of gateways that are still polled are replaced, which may take until they
// respond.
func (c *Cleaner) waitForReplacement(ctx context.Context, n Namespace) error {
	if n.Topic == c.Current.Topic || c.Inbox == nil {
		return nil // there are none
	}
	var deadline time.Time
	for {
		isPublished, isComplete := c.IsPublished(""), true
		active := c.ActiveSerials()
		for _, serial := range active {
			if slices.Contains(n.Serials, serial) {
				isPublished = isPublished && c.IsPublished(serial)
				isComplete = isComplete && !c.Inbox.has(c.Topics.GatewayID(serial)) && c.IsComplete(serial)
			}
		}
		remaining := c.remainingDocuments(active)
		if isPublished && deadline.IsZero() {
			deadline = time.Now().Add(replacementTimeout)
		}
		if isPublished && (isComplete && len(remaining) == 0 || !time.Now().Before(deadline)) {
			return c.remove(ctx, remaining)
		}
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
	}
}

// remainingDocuments returns the topics of the documents of sub-devices behind
// these gateways that this run has neither replaced nor removed.
func (c *Cleaner) remainingDocuments(serials []string) (topics []string) {
	for topic, payload := range c.Inbox.payloads() {
		var header documentHeader
		isBehind := func(serial string) bool { return header.Info.ViaDevice == c.Topics.GatewayID(serial) }
		if json.Unmarshal([]byte(payload), &header) == nil && slices.ContainsFunc(serials, isBehind) && !c.Outbox.IsAcknowledged(topic) {
			topics = append(topics, topic)
		}
	}
	return topics
}

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
