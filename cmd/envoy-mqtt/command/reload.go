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
		next := now.loadNext(ctx, c.loadRunConfig)
		if ctx.Err() != nil {
			return
		}
		if next == nil {
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
		end(next, cause)
		return
	}
}

// loadNext reads by load the configuration that replaces rc. It returns nil if that is
// wrong, or if ctx ends before.
func (rc *runConfig) loadNext(ctx context.Context, load func() (*runConfig, error)) *runConfig {
	slow := time.AfterFunc(5*time.Second, func() {
		rc.log.Warn().Msg("configuration is still being read, the current one stays in use")
	})
	next, err := blocking.Call(ctx, load)
	slow.Stop()
	switch {
	case ctx.Err() != nil:
		return nil
	case err != nil:
		rc.reject(err)
		return nil
	}
	next.log.Info().Str("config", next.cfg.File).Int("gateways", len(next.cfg.Gateways)).Msg("configuration reloaded")
	return next
}

// reject logs why the configuration that was to replace the current one cannot be used.
func (rc *runConfig) reject(err error) {
	rc.log.Error().Err(err).Msg("configuration rejected, the current one stays in use")
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
