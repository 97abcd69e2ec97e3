package limiter

import (
	"encoding/json"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/limit"
)

// report publishes and logs the results of the machine.
func (l *Limiter) report() {
	if l.machine == nil {
		return
	}
	for _, r := range l.machine.Results() {
		l.publish(r)
		if !l.mayLog(r) {
			continue
		}
		level := zerolog.InfoLevel
		if r.Status == limit.Failed {
			level = zerolog.WarnLevel
		}
		l.log.WithLevel(level).Str("result", string(r.Status)).Str("setting", r.Lever).Str("asked", r.Asked).Str("text", r.Text).Msg("power limit")
	}
}

// refusedInterval separates two lines of the log about refused commands.
const refusedInterval = 10 * time.Second

// mayLog reports whether a result is to be logged: others may send anything at any
// rate.
func (l *Limiter) mayLog(r limit.Result) bool {
	isRepeated := r.Status == l.logged.Status && r.Text == l.logged.Text
	if isRepeated || r.Status == limit.Refused && r.Time.Sub(l.refusedAt) < refusedInterval {
		return false
	}
	if l.logged = r; r.Status == limit.Refused {
		l.refusedAt = r.Time
	}
	return true
}

// maxText is Home Assistant's limit of a state, in characters.
const maxText = 255

func (l *Limiter) publish(r limit.Result) {
	if text := []rune(r.Text); len(text) > maxText {
		r.Text = string(text[:maxText-1]) + "…"
	}
	document, err := json.Marshal(r)
	if err != nil {
		panic(err) // strings and finite numbers
	}
	l.output.PublishLimitResult(string(document))
}
