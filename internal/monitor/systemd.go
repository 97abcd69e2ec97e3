package monitor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
)

// A Systemd informs the service manager, if one has started the program.
type Systemd struct {
	// IsReload reports whether the cause of a canceled context is that the
	// configuration is read again. If nil, it never is.
	IsReload func(cause error) bool

	notify   func(state string)
	watchdog time.Duration // within which systemd must be notified; 0 means never
}

// NewSystemd returns a Systemd for the environment of the process.
func NewSystemd(log zerolog.Logger) *Systemd {
	watchdog, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn().Err(err).Msg("systemd watchdog disabled")
	}
	return &Systemd{watchdog: watchdog, notify: func(state string) {
		if _, err := daemon.SdNotify(false, state); err != nil {
			log.Debug().Err(err).Msg("systemd notification failed")
		}
	}}
}

// Watch notifies systemd of the start, of the status, of being alive and of the
// end, until ctx ends. The program is alive while every gateway is polled, even
// if the gateways do not respond.
func (s *Systemd) Watch(ctx context.Context, status func() (bridge.State, Health)) {
	tick := time.NewTicker(healthInterval)
	defer tick.Stop()
	isReady, lastLine := false, ""
	var lastWatchdog time.Time
	for {
		state, health := status()
		if !isReady && len(state.Gateways) > 0 {
			isReady = true
			s.notify(daemon.SdNotifyReady)
		}
		if line := statusLine(state, health); isReady && line != lastLine {
			lastLine = line
			s.notify("STATUS=" + line)
		}
		if s.watchdog > 0 && time.Since(lastWatchdog) >= s.watchdog/3 && health.Alive() == nil {
			lastWatchdog = time.Now()
			s.notify(daemon.SdNotifyWatchdog)
		}
		select {
		case <-ctx.Done():
			if s.IsReload != nil && s.IsReload(context.Cause(ctx)) {
				s.notify(daemon.SdNotifyReloading)
			} else {
				s.notify(daemon.SdNotifyStopping)
			}
			return
		case <-tick.C:
		}
	}
}

// statusLine returns the text that systemctl status shows.
func statusLine(s bridge.State, h Health) string {
	line := fmt.Sprintf("%d of %d gateways read", len(s.Gateways)-len(h.Waiting), len(s.Gateways))
	if len(h.Waiting) > 0 {
		line += ", no fresh data of " + strings.Join(h.Waiting, ", ")
	}
	if !s.Broker {
		line += ", broker not connected"
	}
	return line
}
