package envoytest

import (
	"net/http"
	"time"
)

// BatterySerial returns the serial number of IQ Battery i.
func (g *Gateway) BatterySerial(i int) string { return locked{g}.partSerial("1219", 10009*(i+1)) }

// ControllerSerial returns the serial number of the system controller.
func (g *Gateway) ControllerSerial() string { return locked{g}.partSerial("1216", 10039) }

// ensemblePage is /ivp/ensemble/inventory: batteries and the system controller.
func ensemblePage(g locked, r *http.Request) answer {
	if !g.version().atLeast(5) {
		return g.missing(r.URL.Path)
	}
	m := g.measure()
	const installed = 1731789415
	packs, led := []any{}, map[int64]int{-packRate: 12, packRate: 13, 0: 14}[packPower(g.house.clock)]
	for i := range g.Batteries {
		packs = append(packs, map[string]any{
			"part_num": "830-01760-r42", "serial_num": g.BatterySerial(i), "installed": installed, "created_date": installed, "img_load_date": installed, "device_status": []string{"envoy.global.ok", "prop.done"},
			"last_rpt_date": m.Time.Unix() - 60, "admin_state": 6, "admin_state_str": "ENCHG_STATE_READY", "img_pnum_running": "2.6.7854_rel/22.33", "bmu_fw_version": "2.1.38",
			"communicating": true, "sleep_enabled": false, "percentFull": packLevel(g.house.clock), "temperature": 21 + i, "maxCellTemp": 22 + i,
			"reported_enc_grid_state": "grid-tied", "comm_level_sub_ghz": 3, "comm_level_2_4_ghz": 3, "led_status": led, "dc_switch_off": false, "encharge_rev": 2, "encharge_capacity": packCapacity, "phase": "ph-a", "der_index": i + 1,
		})
	}
	doc := []any{}
	if len(packs) > 0 {
		controller := map[string]any{
			"part_num": "860-01801-r70", "serial_num": g.ControllerSerial(), "installed": installed, "created_date": installed, "img_load_date": installed,
			"device_status": []string{"envoy.global.ok", "prop.done"}, "comm_level_sub_ghz": 3, "comm_level_2_4_ghz": 3,
			"last_rpt_date": m.Time.Unix() - 30, "admin_state": 24,
			"admin_state_str": "ENPWR_STATE_OPER_CLOSED", "img_pnum_running": "2.7.6360_rel/31.33", "communicating": true, "temperature": 77,
			"mains_admin_state": "closed", "mains_oper_state": "closed", "Enpwr_grid_mode": "multimode-ongrid", "Enchg_grid_mode": "multimode-ongrid",
			"Enpwr_relay_state_bm": 5071, "Enpwr_curr_state_id": 16,
		}
		doc = append(doc, map[string]any{"type": "ENCHARGE", "devices": packs}, map[string]any{"type": "ENPOWER", "devices": []any{controller}})
	}
	a := native("", "  ", doc)
	a.reading = m
	return a
}

// batteryPowerPage is /ivp/ensemble/power; its key really ends with a colon.
func batteryPowerPage(g locked, r *http.Request) answer {
	if a, refused := noBatteryPage(g, r); refused {
		return a
	}
	m := g.measure()
	packs := []any{}
	for i := range g.Batteries {
		w := packPower(g.house.clock)
		packs = append(packs, map[string]any{"serial_num": g.BatterySerial(i), "real_power_mw": w, "apparent_power_mva": w, "soc": packLevel(g.house.clock)})
	}
	a := native("", "  ", map[string]any{"devices:": packs})
	a.reading = m
	return a
}

// batteryTotalsPage is /ivp/ensemble/secctrl: zeros where there are no batteries.
func batteryTotalsPage(g locked, r *http.Request) answer {
	if a, refused := noBatteryPage(g, r); refused {
		return a
	}
	m := g.measure()
	level, capacity, acb := packLevel(g.house.clock), g.Batteries*packCapacity, g.ACBs*acbCapacity
	if g.Batteries == 0 {
		level = 0
	}
	energy, acbLevel := capacity*level/100, 0
	if g.ACBs > 0 {
		acbLevel = acbPercent
	}
	all := 0
	if capacity+acb > 0 {
		all = 100 * (energy + acb*acbLevel/100) / (capacity + acb)
	}
	a := native("", "  ", map[string]any{
		"shutdown": false, "configured_backup_soc": 20, "adjusted_backup_soc": 20, "agg_soc": all, "Max_energy": capacity + acb,
		"ENC_agg_soc": level, "ENC_agg_backup_energy": capacity / 5, "ENC_agg_avail_energy": energy,
		"Enc_commissioned_capacity": capacity, "Enc_max_available_capacity": capacity, "ACB_agg_soc": acbLevel, "ACB_agg_energy": acb * acbLevel / 100,
	})
	a.reading = m
	return a
}

// noBatteryPage answers where the page is not: below 5 nowhere, and early 7.3
// refuses it without batteries, as if the token were bad.
func noBatteryPage(g locked, r *http.Request) (answer, bool) {
	switch v := g.version(); {
	case !v.atLeast(5):
		return g.missing(r.URL.Path), true
	case g.Batteries+g.ACBs == 0 && v.tokens() && !v.atLeast(7, 3, 466):
		return g.unauthorized(), true
	}
	return answer{}, false
}

// What an AC Battery holds, in Wh, and how full all of them are.
const (
	acbCapacity = 1240
	acbPercent  = 25
)

// acbEntry is in every document, with or without batteries.
type acbEntry struct {
	Type        string `json:"type"`
	ActiveCount int    `json:"activeCount"`
	ReadingTime int64  `json:"readingTime"`
	WNow        int    `json:"wNow"`
	WhNow       int    `json:"whNow"`
	State       string `json:"state"`
	PercentFull int    `json:"percentFull,omitempty"`
}

// newACBEntry is the entry of the AC Batteries in /production.json, with and
// without any.
func newACBEntry(g locked, now time.Time) acbEntry {
	if g.ACBs == 0 {
		return acbEntry{Type: "acb", State: "idle"}
	}
	return acbEntry{
		Type: "acb", ActiveCount: g.ACBs, ReadingTime: now.Unix() - 900, State: "discharging",
		WNow: 80 * g.ACBs, WhNow: g.ACBs * acbCapacity * acbPercent / 100, PercentFull: acbPercent,
	}
}
