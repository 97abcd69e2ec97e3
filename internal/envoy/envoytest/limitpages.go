package envoytest

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// LimitWrites returns all changes that were asked of the gateway, also those that
// it refused.
func (g *Gateway) LimitWrites() []LimitWrite {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.PowerLimit == nil {
		return nil
	}
	return slices.Clone(g.PowerLimit.writes)
}

// limiterFor returns the part of the gateway, or how it refuses a request.
func limiterFor(g locked, r *http.Request, isRestricted bool) (*PowerLimiter, answer, bool) {
	l := g.PowerLimit
	switch {
	case l == nil:
		return nil, g.missing(r.URL.Path), false
	case l.Status == http.StatusUnauthorized, isRestricted && !l.permits(bearer(r)):
		return l, g.unauthorized(), false
	case l.Status != 0:
		return l, text(l.Status, "text/html", errorPage(http.StatusText(l.Status))), false
	}
	l.reset(time.Now())
	return l, answer{}, true
}

// limitPage is /ivp/ss/dpel.
func limitPage(g locked, r *http.Request) answer {
	isWrite := r.Method == http.MethodPost
	l, a, ok := limiterFor(g, r, isWrite)
	if isWrite {
		w := LimitWrite{Time: time.Now()}
		if ok {
			a = l.setLimit(r, &w)
		}
		l.record(w, a)
		return a
	}
	if !ok {
		return a
	}
	return native("", "", map[string]any{
		"dynamic_pel_settings": map[string]any{
			"enable": l.Enabled, "export_limit": l.Export, "limit_value_W": json.RawMessage(decimal(l.Watts)),
			"slew_rate": json.RawMessage("100.0"), "enable_dynamic_limiting": false,
		},
		"filename": "site_settings", "version": "00.00.01",
	})
}

// switchPage is /ivp/mod/603980032/mode/power.
func switchPage(g locked, r *http.Request) answer {
	l, a, ok := limiterFor(g, r, true)
	switch {
	case r.Method == http.MethodPut:
		w := LimitWrite{Time: time.Now(), Switch: true}
		if ok {
			a = l.setSwitch(r, &w)
		}
		l.record(w, a)
		return a
	case !ok:
		return a
	case l.NewNames:
		return native("", "", map[string]any{"pvPowerForcedOff": l.Off, "enchargePowerForcedOff": false})
	}
	return native("", "", map[string]any{"powerForcedOff": l.Off})
}
