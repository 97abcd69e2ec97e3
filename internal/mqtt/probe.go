package mqtt

import (
	"context"
	"fmt"
	"time"
)

// Probe connects to the broker once, without publishing anything and without a
// Will. It returns nil if the broker accepts the connection, else the reason of
// the first failed attempt.
func Probe(ctx context.Context, cfg Config) error {
	result := make(chan error, 1)
	report := func(err error) {
		select {
		case result <- err:
		default:
		}
	}
	cfg.Will = Message{}
	cfg.OnUp = func(context.Context, Capabilities) { report(nil) }
	cfg.OnDown, cfg.OnError, cfg.OnMessage = nil, report, nil
	client, err := Connect(context.WithoutCancel(ctx), cfg)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = client.Close(ctx) // nothing was published
	}()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return fmt.Errorf("the broker does not answer: %w", ctx.Err())
	}
}
