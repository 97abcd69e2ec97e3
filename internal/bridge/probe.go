package bridge

import (
	"context"
	"fmt"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// Document returns the JSON document that is published under live for s.
func Document(s envoy.Sample) []byte {
	return document(s.Time, measured(s))
}

// Probe connects to the broker once and leaves again, without publishing
// anything. It returns why the broker cannot be used.
func Probe(ctx context.Context, cfg MQTT) error {
	result := make(chan error, 1)
	tell := func(err error) {
		select {
		case result <- err:
		default:
		}
	}
	link, err := connect(context.WithoutCancel(ctx), cfg, Message{}, events{
		up:      func(context.Context, limits) { tell(nil) },
		refused: tell,
	})
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = link.close(ctx) // nothing was said that could be lost
	}()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return fmt.Errorf("the broker does not answer: %w", ctx.Err())
	}
}
