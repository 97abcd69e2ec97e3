package command

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/envoy-mqtt/envoy-mqtt/internal/broker"
	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/gateway"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
	"github.com/envoy-mqtt/envoy-mqtt/internal/terminal"
	"github.com/envoy-mqtt/envoy-mqtt/internal/view"
)

func watchCommand(c *console) *cobra.Command {
	return &cobra.Command{
		Use:     "watch",
		Short:   "Show what the running bridge publishes, read from the broker",
		Example: "envoy-mqtt watch",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.watch(cmd.Context()) },
	}
}

// watch shows what the bridge publishes until it is stopped: on a terminal as a
// view that is kept current, else as one document a line.
func (c *console) watch(ctx context.Context) error {
	cfg, err := c.readConfig(ctx)
	if err != nil {
		return err
	}
	connection, err := broker.ForCommand(cfg.MQTT, cfg.OwnDir(), "watch-"+rand.Text()[:8])
	if err != nil {
		return failed(err)
	}
	ctx, stop := terminal.EndedBySignals(ctx)
	defer stop()
	w, where := newWatcher(cfg), broker.Name(cfg.MQTT)
	for _, g := range gateway.New(cfg) {
		if serial := g.KnownSerial(); serial != "" {
			w.Add(serial, g.DeviceName)
		}
		g.Close()
	}
	w.Connected(errors.New("connecting to " + where))
	lines := newLinePrinter(c.out)
	feed := brokerFeed{Watcher: w}
	if !c.outIsTerminal {
		feed.live = func(serial string, doc []byte) { lines.document(withSerial(serial, doc)) }
		feed.problem = c.stderr().brokerProblems()
	}
	client, err := feed.connect(connection)
	if err != nil {
		return failed(err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = client.Close(ctx) // nothing was published
	}()
	return failed(c.show(ctx, lines, func(width int) []string {
		now := time.Now()
		text := terminal.Aligned(c.stdout().painter.Strong("envoy-mqtt watch"), where+"  "+now.Format(time.TimeOnly), width)
		return append(append(text, ""), w.Lines(now, width, c.stdout().painter)...)
	}))
}

// newWatcher returns a watcher of the bridge, or of all bridges of a fleet.
func newWatcher(cfg config.Config) *view.Watcher {
	w := view.NewWatcher(cfg.MQTT.Topic)
	if count := cfg.General.Shard.Count; count > 0 {
		w.Bridges = nil
		for n := 1; n <= count; n++ {
			w.Bridges = append(w.Bridges, schema.BridgeLevel(n))
		}
	}
	return w
}

// A brokerFeed feeds a watcher from a broker.
type brokerFeed struct {
	*view.Watcher
	live    func(serial string, doc []byte) // called with each live document; may be nil
	problem func(error)                     // called with each lost or failed connection, nil when it is back; may be nil
}

// connect returns a client that feeds the watcher until it is closed.
func (f brokerFeed) connect(c mqtt.Config) (*mqtt.Client, error) {
	state := func(err error) {
		f.Connected(err)
		if f.problem != nil {
			f.problem(err)
		}
	}
	c.OnUp = func(ctx context.Context, client *mqtt.Client, _ mqtt.Capabilities) {
		var subs []mqtt.Subscription
		for _, filter := range f.Filters() {
			subs = append(subs, mqtt.Subscription{Filter: filter})
		}
		state(nil)
		if err := client.Subscribe(ctx, subs...); err != nil && ctx.Err() == nil {
			state(err)
		}
	}
	lost := func(err error) { state(fmt.Errorf("no connection to the broker: %w", err)) }
	c.OnDown, c.OnError = lost, lost
	c.OnMessage = func(topic string, payload []byte, retained bool) {
		if serial, live := f.Message(topic, payload, retained, time.Now()); live && f.live != nil {
			f.live(serial, payload)
		}
	}
	return mqtt.Connect(context.Background(), c)
}

// withSerial returns a live document as one line, with the gateway's serial number
// as the first key.
func withSerial(serial string, doc []byte) []byte {
	var line bytes.Buffer
	if json.Compact(&line, doc) != nil {
		return doc // not ours
	}
	return append([]byte(`{"serial":"`+serial+`",`), line.Bytes()[1:]...)
}
