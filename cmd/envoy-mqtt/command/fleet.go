package command

import (
	"context"
	"os"

	"github.com/envoy-mqtt/envoy-mqtt/internal/blocking"
	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/gateway"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// joinFleet makes the bridge one of a fleet, if it is: its gateways are locked before
// they are read, tokens are obtained while they are, and gateways of other shards are
// left alone.
func (s *service) joinFleet() {
	shard := s.cfg.General.Shard
	if !shard.IsSet() {
		return
	}
	s.bridge.Fleet = &bridge.Fleet{Shard: shard.Number, Others: s.otherGateways}
	machine, _ := os.Hostname() // for messages
	for i, g := range s.gateways {
		lock := state.NewGatewayLock(s.cfg.General.StateDir, g.Section, g.KnownSerial(), "shard "+shard.String()+" on "+machine)
		lock.OnLocked = s.loadHistory
		g.Tokens.MayLogin, g.InstallerTokens.MayLogin = lock.Check, lock.Check
		s.bridge.Gateways[i].Lock = lock
		s.locks = append(s.locks, lock)
	}
}

// loadHistory reads the history of a gateway, which another shard may have written.
func (s *service) loadHistory(serial string) {
	if s.history != nil {
		s.history.LoadGateway(serial)
	}
}

// otherGateways returns the serial numbers that have answered in sections of other
// shards, and whether every one of those sections has one.
func (rc *runConfig) otherGateways() (serials []string, isComplete bool) {
	seen := state.NewGatewayStore(rc.cfg.General.StateDir)
	isComplete = true
	for _, g := range rc.all {
		if rc.cfg.General.Shard.Owns(g.Section) {
			continue
		}
		known := gateway.KnownSerials(g, seen)
		isComplete = isComplete && len(known) > 0
		serials = append(serials, known...)
	}
	return serials, isComplete
}

// unlockGateways releases the locks of the gateways. It does not wait for a file
// system that does not respond.
func (s *service) unlockGateways() {
	ctx, cancel := context.WithTimeout(context.Background(), fileTimeout)
	defer cancel()
	_, _ = blocking.Call(ctx, func() (struct{}, error) {
		for _, lock := range s.locks {
			lock.Close()
		}
		return struct{}{}, nil
	})
}
