package command

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
)

// A demoBroker is a broker inside the program, on a free port of the loopback interface.
type demoBroker struct {
	server  *mochi.Server
	address string
	port    int
	once    sync.Once // closing it twice panics
}

func startBroker() (*demoBroker, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start a broker: %w", err)
	}
	s := mochi.New(&mochi.Options{InlineClient: true, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err := s.AddHook(new(allowAllHook), nil); err != nil {
		return nil, err
	}
	if err := s.AddListener(listeners.NewNet("demo", l)); err != nil {
		return nil, err
	}
	if err := s.Serve(); err != nil {
		return nil, err
	}
	return &demoBroker{server: s, address: l.Addr().String(), port: l.Addr().(*net.TCPAddr).Port}, nil
}

// allowAllHook accepts all clients. Only this machine can reach the demo's broker.
type allowAllHook struct{ mochi.HookBase }

func (allowAllHook) Provides(b byte) bool {
	return b == mochi.OnConnectAuthenticate || b == mochi.OnACLCheck
}

func (allowAllHook) OnConnectAuthenticate(*mochi.Client, packets.Packet) bool { return true }

func (allowAllHook) OnACLCheck(*mochi.Client, string, bool) bool { return true }

// subscribe has f called with every message that matches filter.
func (b *demoBroker) subscribe(filter string, f func(topic string, payload []byte)) error {
	return b.server.Subscribe(filter, 1, func(_ *mochi.Client, _ packets.Subscription, pk packets.Packet) { f(pk.TopicName, pk.Payload) })
}

func (b *demoBroker) close() { b.once.Do(func() { _ = b.server.Close() }) } // it ends with the program
