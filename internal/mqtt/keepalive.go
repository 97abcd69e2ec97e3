package mqtt

import (
	"context"
	"net"
	"time"

	"github.com/eclipse/paho.golang/paho/log"
)

// keepAlive is announced to the broker, in seconds.
const keepAlive = 30

// A pinger keeps connections alive in place of paho's own pinger, which cannot
// send a PINGREQ on demand and waits for an answer as long as the keep-alive.
type pinger struct{ client *Client }

// Run sends PINGREQs until ctx ends, at two thirds of the keep-alive that the
// broker wants, in seconds; 0 means ours.
func (p pinger) Run(ctx context.Context, nc net.Conn, seconds uint16) error {
	if seconds == 0 {
		seconds = keepAlive
	}
	tick := time.NewTicker(time.Duration(seconds) * time.Second * 2 / 3)
	defer tick.Stop()
	c := nc.(*netConn) // what Client.dial returned
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			c.ping()
		}
	}
}

// PingResp counts an answer.
func (p pinger) PingResp() { p.client.netConn.Load().pings.ack() }

// PacketSent does nothing: PINGREQs are sent at fixed times.
func (pinger) PacketSent() {}

// PacketReceived does nothing: netConn.Read restarts the timer.
func (pinger) PacketReceived() {}

// SetDebug does nothing.
func (pinger) SetDebug(log.Logger) {}
