package mqtt

import (
	"context"
	"fmt"
	"time"
)

// Probe connects to the broker once, without publishing anything and without a
// Will. It returns what the broker supports if it accepts the connection, else the
// reason of the first failed attempt.
func Probe(ctx context.Context, cfg Config) (Capabilities, error) {
	type answer struct {
		Capabilities
		err error
	}
	result := make(chan answer, 1)
	report := func(a answer) {
		select {
		case result <- a:
		default:
		}
	}
	cfg.Will = Message{}
	cfg.OnUp = func(_ context.Context, _ *Client, c Capabilities) { report(answer{Capabilities: c}) }
	cfg.OnError = func(err error) { report(answer{err: err}) }
	cfg.OnDown, cfg.OnMessage = nil, nil
	client, err := Connect(context.WithoutCancel(ctx), cfg)
	if err != nil {
		return Capabilities{}, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = client.Close(ctx) // nothing was published
	}()
	select {
	case a := <-result:
		return a.Capabilities, a.err
	case <-ctx.Done():
		return Capabilities{}, fmt.Errorf("the broker does not answer: %w", ctx.Err())
	}
}
