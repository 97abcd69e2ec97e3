package envoytest

import (
	"net/http"
	"strconv"
)

// deviceLimit is the number of devices that device_data reports.
const deviceLimit = 50

type deviceReading struct {
	EndDate        int64 `json:"endDate"`
	Duration       int   `json:"duration"`
	JoulesProduced int   `json:"joulesProduced"`
	ACVoltage      int   `json:"acVoltageINmV"`
	ACFrequency    int   `json:"acFrequencyINmHz"`
	DCVoltage      int   `json:"dcVoltageINmV"`
	DCCurrent      int   `json:"dcCurrentINmA"`
	ChannelTemp    int   `json:"channelTemp"`
	ACCurrent      int   `json:"acCurrentInmA"`
}

// deviceDataPage is /ivp/pdm/device_data: the inverters after those that were taken
// away, up to the limit, and the two meters.
func deviceDataPage(g locked, r *http.Request) answer {
	if !g.version().atLeast(8, 2, 4345) {
		return g.missing(r.URL.Path)
	}
	m := g.measure()
	v := m.Inverters
	doc := map[string]any{}
	add := func(name, serial string, active, gone bool, w, today, lifetime int, reading any) {
		if len(doc) == deviceLimit {
			return
		}
		channel := map[string]any{
			"chanEid":     1627390225 + 256*len(doc),
			"watts":       map[string]int{"now": w, "nowUsed": 0, "max": 520},
			"wattHours":   map[string]int{"today": today, "yesterday": 0, "week": 0},
			"lastReading": reading, "lifetime": map[string]int{"joulesProduced": lifetime},
		}
		doc[strconv.Itoa(553648384+256*len(doc))] = map[string]any{
			"devName": name, "sn": serial, "active": active, "modGone": gone, "channels": []any{channel},
		}
	}
	for i := range g.Gone {
		add("pcu", g.InverterSerial(v.Count+i), false, true, 0, 0, 0, struct{}{})
	}
	for i := range v.Count {
		w := v.share(i)
		add("pcu", g.InverterSerial(i), true, false, w, v.Today/v.Count, (v.Energy+g.lost())/v.Count*3600, deviceReading{
			EndDate: v.Time.Unix() - int64(i), Duration: 300, JoulesProduced: 300 * w,
			ACVoltage: 231_000 + 10*i, ACFrequency: 50_010, DCVoltage: 33_000 + 100*i, DCCurrent: 1000 * w / 33, ACCurrent: 1000 * w / 231, ChannelTemp: 20 + w/20,
		})
	}
	for _, serial := range []string{g.serial() + "EIM1", g.serial() + "EIM2"} {
		add("eim", serial, true, true, 0, 0, 0, deviceReading{EndDate: m.Time.Unix()})
	}
	doc["deviceCount"], doc["deviceDataLimit"] = len(doc), deviceLimit
	a := native("", "  ", doc)
	a.reading = m
	return a
}
