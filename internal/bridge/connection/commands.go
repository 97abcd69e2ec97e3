package connection

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
)

// commandDelay is how long after the first barrier of a connection commands still
// count as early.
const commandDelay = 2 * time.Second

// commands are the messages to the topic [schema.Topics.LimitSet] of every gateway.
type commands struct {
	filter string      // of these topics
	isOpen atomic.Bool // commands are new
	isHeld atomic.Bool // commands are rejected
}

// open subscribes to commands. QoS 0 and RetainHandling 0: the broker must
// not keep commands, and must send what is retained, so that it can be cleared.
func (c *commands) open(ctx context.Context, client *mqtt.Client, log zerolog.Logger) {
	err := client.Subscribe(ctx, mqtt.Subscription{Filter: c.filter, NoLocal: true, KeepRetain: true})
	if err != nil {
		if ctx.Err() == nil {
			log.Warn().Err(err).Msg("no commands are received")
		}
		return
	}
	if waitFor(ctx, client.Barrier()) == nil {
		if wait(ctx, commandDelay); ctx.Err() == nil {
			c.isOpen.Store(true)
		}
	}
}

// areEarly reports whether the broker may have kept commands from before this
// connection, or sends them twice.
func (c *commands) areEarly() bool { return !c.isOpen.Load() || c.isHeld.Load() }

// serial returns the serial number in the topic of a command.
func (c *commands) serial(topic string) (serial string, ok bool) {
	before, after, _ := strings.Cut(c.filter, "+")
	serial, ok = strings.CutSuffix(topic, after)
	if !ok {
		return "", false
	}
	serial, ok = strings.CutPrefix(serial, before)
	return serial, ok && !strings.Contains(serial, "/")
}
