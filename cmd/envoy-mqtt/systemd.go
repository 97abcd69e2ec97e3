package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
)

// A systemd is the service manager that started the program, if one did.
type systemd struct {
	notify   func(state string)
	watchdog time.Duration // within which it wants to hear that all is well; 0: it does not
}

func newSystemd(log zerolog.Logger) systemd {
	watchdog, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn().Err(err).Msg("no watchdog")
	}
	return systemd{watchdog: watchdog, notify: func(state string) {
		if _, err := daemon.SdNotify(false, state); err != nil {
			log.Debug().Err(err).Msg("systemd does not listen")
		}
	}}
}

// watch tells systemd that the bridge has started, how it does, that it is
// alive and that it ends. It is alive as long as every gateway is polled: a
// gateway that does not answer is no reason to start the bridge anew, a loop
// that stands still is one.
func (s systemd) watch(ctx context.Context, look func() (bridge.State, health)) {
	beat := time.NewTicker(healthLook)
	defer beat.Stop()
	ready, told := false, ""
	var fed time.Time
	for {
		state, h := look()
		if running := len(state.Gateways) > 0; running && !ready {
			ready = true
			s.notify(daemon.SdNotifyReady)
		}
		if status := statusLine(state, h); ready && status != told {
			told = status
			s.notify("STATUS=" + status)
		}
		if s.watchdog > 0 && time.Since(fed) >= s.watchdog/3 && h.alive() == nil {
			fed = time.Now()
			s.notify(daemon.SdNotifyWatchdog)
		}
		select {
		case <-ctx.Done():
			if isReload(context.Cause(ctx)) {
				s.notify(daemon.SdNotifyReloading)
			} else {
				s.notify(daemon.SdNotifyStopping)
			}
			return
		case <-beat.C:
		}
	}
}

// statusLine is what systemctl status shows.
func statusLine(s bridge.State, h health) string {
	line := fmt.Sprintf("%d of %d gateways read", len(s.Gateways)-len(h.Waiting), len(s.Gateways))
	if len(h.Waiting) > 0 {
		line += ", no fresh data of " + strings.Join(h.Waiting, ", ")
	}
	if !s.Broker {
		line += ", broker not connected"
	}
	return line
}
