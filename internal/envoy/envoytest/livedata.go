package envoytest

import (
	"net/http"
	"time"
)

// streaming is how long live data are refreshed after they were asked for.
const streaming = 15 * time.Minute

type liveMeter struct {
	Power     int64 `json:"agg_p_mw"`
	Apparent  int64 `json:"agg_s_mva"`
	PowerA    int64 `json:"agg_p_ph_a_mw"`
	PowerB    int64 `json:"agg_p_ph_b_mw"`
	PowerC    int64 `json:"agg_p_ph_c_mw"`
	ApparentA int64 `json:"agg_s_ph_a_mva"`
	ApparentB int64 `json:"agg_s_ph_b_mva"`
	ApparentC int64 `json:"agg_s_ph_c_mva"`
}

func live(m Meter) liveMeter {
	milli := func(v float64) int64 { return int64(round(v*1000, 0)) }
	l := liveMeter{Power: milli(m.Total.Power), Apparent: milli(m.Total.Apparent)}
	for i, to := range []struct{ p, s *int64 }{{&l.PowerA, &l.ApparentA}, {&l.PowerB, &l.ApparentB}, {&l.PowerC, &l.ApparentC}} {
		if i < len(m.Lines) {
			*to.p, *to.s = milli(m.Lines[i].Power), milli(m.Lines[i].Apparent)
		}
	}
	return l
}

// livedataPage is /ivp/livedata/status: what the gateway read when the stream was
// last on.
func livedataPage(g locked, r *http.Request) answer {
	if !g.version().tokens() {
		return g.missing(r.URL.Path)
	}
	state, on := "disabled", time.Now().Before(g.stream.until)
	if on {
		state = "enabled"
	}
	if on || g.stream.held == nil {
		g.stream.held = g.measure()
	}
	m := g.stream.held
	a := native("application/json", "\t", map[string]any{
		"connection": map[string]any{"mqtt_state": "connected", "prov_state": "configured", "auth_state": "ok", "sc_stream": state, "sc_debug": "disabled"},
		"meters": map[string]any{
			"last_update": m.Time.Unix(), "soc": 0, "main_relay_state": 1, "gen_relay_state": 5, "backup_bat_mode": 1,
			"is_split_phase": g.Split, "phase_count": g.numLines(), "enc_agg_soc": 0, "enc_agg_energy": 0, "acb_agg_soc": 0, "acb_agg_energy": 0,
			"pv": live(m.Production), "storage": live(Meter{}), "grid": live(m.Net), "load": live(m.Consumption), "generator": live(Meter{}),
		},
		"tasks": map[string]any{"task_id": 0, "timestamp": m.Time.Unix()}, "counters": map[string]any{}, "dry_contacts": map[string]any{},
	})
	if on {
		a.reading = m
	}
	return a
}

// streamPage is what refreshes the live data, for a while.
func streamPage(g locked, r *http.Request) answer {
	switch {
	case !g.version().tokens():
		return g.missing(r.URL.Path)
	case r.Method != http.MethodPost:
		return text(http.StatusOK, "", `{"error":"Method Not Allowed"}`+"\n")
	}
	g.stream.until = time.Now().Add(streaming)
	return native("application/json", "", map[string]string{"sc_stream": "enabled"})
}
