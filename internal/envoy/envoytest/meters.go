package envoytest

import (
	"math"
	"net/http"
	"slices"
)

// The meters' constant ids, as all gateways have them. Their channels count
// from another base, the phantom is a row that firmware 8.3.5025 brought.
const (
	eidProduction  = 704643328
	eidConsumption = 704643584
	eidStorage     = 704643840
	eidChannels    = 1778385169
	eidPhantom     = 1023410688
	eidPhantoms    = 2097152513
)

type meterConfig struct {
	EID             int      `json:"eid"`
	State           string   `json:"state"`
	MeasurementType string   `json:"measurementType"`
	PhaseMode       string   `json:"phaseMode"`
	PhaseCount      int      `json:"phaseCount"`
	MeteringStatus  string   `json:"meteringStatus"`
	StatusFlags     []string `json:"statusFlags"`
}

// metersPage is /ivp/meters: the CTs' configuration.
func metersPage(g locked, r *http.Request) answer {
	if !g.version().atLeast(4) {
		return g.missing(r.URL.Path)
	}
	ms := []meterConfig{}
	if !g.Standard {
		kind := "net-consumption"
		if g.LoadOnly {
			kind = "total-consumption"
		}
		production, consumption := g.measures()
		ms = append(ms, newMeterConfig(g, eidProduction, "production", production), newMeterConfig(g, eidConsumption, kind, consumption))
		if g.StorageCT {
			ms = append(ms, newMeterConfig(g, eidStorage, "storage", true))
		}
	}
	return native("", "    ", ms)
}

func newMeterConfig(g locked, eid int, kind string, enabled bool) meterConfig {
	c := meterConfig{eid, "disabled", kind, "three", g.numLines(), "normal", []string{}}
	if enabled {
		c.State = "enabled"
	}
	if g.Split {
		c.PhaseMode = "split"
	}
	if flags := g.Flags[kind]; len(flags) > 0 {
		c.MeteringStatus, c.StatusFlags = "check-wiring", flags
	}
	return c
}

type channelReading struct {
	EID                 int   `json:"eid"`
	Timestamp           int64 `json:"timestamp"`
	ActEnergyDlvd       num   `json:"actEnergyDlvd"`
	ActEnergyRcvd       num   `json:"actEnergyRcvd"`
	ApparentEnergy      num   `json:"apparentEnergy"`
	ReactEnergyLagg     num   `json:"reactEnergyLagg"`
	ReactEnergyLead     num   `json:"reactEnergyLead"`
	InstantaneousDemand num   `json:"instantaneousDemand"`
	ActivePower         num   `json:"activePower"`
	ApparentPower       num   `json:"apparentPower"`
	ReactivePower       num   `json:"reactivePower"`
	PwrFactor           num   `json:"pwrFactor"`
	Voltage             num   `json:"voltage"`
	Current             num   `json:"current"`
	Freq                num   `json:"freq"`
}

type meterReading struct {
	channelReading
	Channels []channelReading `json:"channels"`
}

// readingsPage is /ivp/meters/readings: always three channels a meter, and currents
// without a sign.
func readingsPage(g locked, r *http.Request) answer {
	v := g.version()
	if !v.atLeast(4) {
		return g.missing(r.URL.Path)
	}
	rows := []meterReading{}
	m := g.measure()
	if !g.Standard {
		consumption := m.Net
		if g.LoadOnly {
			consumption = m.Consumption
		}
		if g.TurnedReadings {
			consumption = turned(consumption)
		}
		rows = append(rows,
			channels(eidProduction, eidChannels, m, m.Production),
			channels(eidConsumption, eidChannels+eidConsumption-eidProduction, m, consumption))
		if g.StorageCT {
			rows = append(rows, channels(eidStorage, eidChannels+eidStorage-eidProduction, m, m.Storage))
		}
		if v.atLeast(8, 3, 5025) {
			rows = append(rows, channels(eidPhantom, eidPhantoms, m, Meter{}))
		}
	}
	a := native("", "    ", rows)
	a.reading = m
	return a
}

func channels(eid, first int, r *Reading, m Meter) meterReading {
	row := meterReading{channelReading: channel(eid, r, m.Total)}
	for i := range 3 {
		l := Line{Frequency: m.Total.Frequency}
		if i < len(m.Lines) {
			l = m.Lines[i]
		}
		row.Channels = append(row.Channels, channel(first+i, r, l))
	}
	return row
}

func channel(eid int, r *Reading, l Line) channelReading {
	through := l.Delivered + l.Received
	return channelReading{
		EID: eid, Timestamp: r.Time.Unix(),
		ActEnergyDlvd: num(l.Delivered), ActEnergyRcvd: num(l.Received), ApparentEnergy: num(round(1.12*through, 3)),
		ReactEnergyLagg: num(round(0.17*through, 3)), ReactEnergyLead: num(round(0.01*through, 3)),
		InstantaneousDemand: num(l.Power), ActivePower: num(l.Power), ApparentPower: num(l.Apparent),
		ReactivePower: num(l.Reactive), PwrFactor: num(l.PowerFactor),
		Voltage: num(l.Voltage), Current: num(math.Abs(l.Current)), Freq: num(l.Frequency),
	}
}

func turned(m Meter) Meter {
	m.Total.Power = -m.Total.Power
	m.Lines = slices.Clone(m.Lines)
	for i := range m.Lines {
		m.Lines[i].Power = -m.Lines[i].Power
	}
	return m
}
