package monitor

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

const (
	healthInterval = time.Second      // between two looks at the health
	healthRefresh  = 20 * time.Second // after which it is written although it is the same
	healthMaxAge   = time.Minute      // after which the program that wrote it is dead or hangs
)

// WriteHealth writes the health to a file until ctx ends, and then removes the
// file. If the file cannot be written, it logs that once and continues.
func WriteHealth(ctx context.Context, path string, health func() Health, log zerolog.Logger) {
	defer os.Remove(path)
	tick := time.NewTicker(healthInterval)
	defer tick.Stop()
	var last Health
	logged := false
	for {
		if h := health(); h.differs(last) {
			data, err := json.Marshal(h)
			if err != nil {
				panic(err) // strings and a time
			}
			if err = state.WriteFileAtomic(path, data); err != nil && !logged {
				log.Warn().Err(err).Msg("health file not written")
			}
			logged = err != nil
			last = h
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// ReadHealth reads the file that WriteHealth writes. It returns an error if the
// file is missing or too old.
func ReadHealth(path string, now time.Time) (Health, error) {
	data, err := state.ReadFile(path, state.MaxFileSize)
	if err != nil {
		return Health{}, fmt.Errorf("%w; the bridge is not running, has another STATE_DIR, or cannot write there", err)
	}
	var h Health
	if err := json.Unmarshal(data, &h); err != nil {
		return Health{}, fmt.Errorf("%s: %w", path, err)
	}
	if age := now.Sub(h.Time); age.Abs() > healthMaxAge {
		return Health{}, fmt.Errorf("the bridge has not written its health since %s; it was killed or hangs", h.Time.Local().Format(time.DateTime))
	}
	return h, nil
}
