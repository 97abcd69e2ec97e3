package command

import (
	"context"
	"errors"
	"os"
	"reflect"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/blocking"
	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
)

// errReload is the cause of a context that ends because of a new configuration. If
// broker and topics stay the same, the cause is [bridge.ErrHandover].
var errReload = errors.New("another configuration")

func isReload(err error) bool {
	_, isRemoved := errors.AsType[bridge.RemovedGateways](err)
	return isRemoved || errors.Is(err, errReload) || errors.Is(err, bridge.ErrHandover)
}

// watchReload waits for SIGHUP, reads the configuration and passes it to end. If
// the configuration is wrong, it logs the error and waits for the next SIGHUP.
func (c *console) watchReload(ctx context.Context, now *runConfig, hup <-chan os.Signal, end func(*runConfig, error)) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hup:
		}
		slow := time.AfterFunc(5*time.Second, func() {
			now.log.Warn().Msg("configuration is still being read, the current one stays in use")
		})
		next, err := blocking.Call(ctx, c.loadRunConfig)
		slow.Stop()
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			now.log.Error().Err(err).Msg("configuration rejected, the current one stays in use")
			continue
		}
		if next.cfg.MQTT.ClientID == "" && next.cfg.OwnDir() == now.cfg.OwnDir() {
			next.mqtt.ClientID = now.mqtt.ClientID // the same even if it could not be stored
		}
		cause := errReload
		if reflect.DeepEqual(next.cfg.MQTT, now.cfg.MQTT) && next.cfg.General.Shard == now.cfg.General.Shard && next.mqtt.ClientID == now.mqtt.ClientID {
			cause = bridge.ErrHandover
		}
		if removed := removedLimits(now.cfg, next.cfg); len(removed) > 0 {
			cause = bridge.RemovedGateways(removed)
		}
		next.log.Info().Str("config", next.cfg.File).Int("gateways", len(next.cfg.Gateways)).Msg("configuration reloaded")
		end(next, cause)
		return
	}
}

// removedLimits returns the sections with LIMIT that the next configuration does not
// have.
func removedLimits(now, next config.Config) (removed []string) {
	for _, g := range now.Gateways {
		if g.Limit && !slices.ContainsFunc(next.Gateways, func(n config.Gateway) bool { return n.Section == g.Section && n.Host == g.Host }) {
			removed = append(removed, g.Section)
		}
	}
	return removed
}
