package check

import (
	"fmt"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/gateway"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hint"
)

// Token reports the state of g's token.
func (r *Report) Token(g *gateway.Gateway, needed bool) {
	r.section(g.Section).NeedsToken = &needed
	if !needed {
		r.Good(g.Section, "needs no token")
		return
	}
	s := g.Tokens.Status()
	s.Expires, s.Renewal, s.Login = s.Expires.UTC(), s.Renewal.UTC(), s.Login.UTC()
	r.section(g.Section).Token = &s
	r.validity(g, s)
	if !s.Renewal.IsZero() {
		r.Good(g.Section, "renewed automatically on %s", s.Renewal.Local().Format("2006-01-02"))
	}
	if !s.Login.IsZero() {
		r.Note(g.Section, "no login at Enphase before %s", s.Login.Local().Format("2006-01-02 15:04:05"))
	}
	for _, w := range s.Warnings {
		r.Note(g.Section, "%s", w)
	}
	if s.Err == nil {
		return
	}
	if s.Problem {
		r.Bad(g.Section, s.Err)
	} else {
		r.Note(g.Section, "%v", hint.Add(s.Err))
	}
}

// validity reports where a token comes from and until when it is valid, if there is one.
func (r *Report) validity(g *gateway.Gateway, s enlighten.Status) {
	if s.Expires.IsZero() {
		return
	}
	text := fmt.Sprintf("token from %s, valid until %s (%s)", originWords[s.Origin], s.Expires.Local().Format("2006-01-02 15:04"), daysLeft(s.Expires))
	if s.Role != "" {
		text = string(s.Role) + "'s " + text
	}
	r.Good(g.Section, "%s", text)
}

var originWords = map[enlighten.Origin]string{
	enlighten.Configured: "the configuration",
	enlighten.Stored:     "the state folder",
	enlighten.FromCloud:  "Enphase's cloud",
}

func daysLeft(t time.Time) string {
	d := time.Until(t)
	switch {
	case d < 0:
		return "expired"
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0f hours left", d.Hours())
	}
	return fmt.Sprintf("%.0f days left", d.Hours()/24)
}
