package history

import (
	"math"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/serialnumber"
)

const (
	inverterStep = 15 * time.Minute // the longest interval of reports in a gateway's default
	usualDays    = 7                // before a day, which its usual ratios are made of
	maxInverters = 320              // of one gateway and day; a gateway has up to 300
	maxReportAge = 2 * time.Hour    // of a report; else the gateway's clock is wrong
)

// inverters is the reports of a gateway's inverters.
type inverters struct {
	days    []*inverterDay // by date
	removed []Date         // of days of which the files must be removed
	means   map[string]inverterMean
}

// An inverterDay is the reports of a day.
type inverterDay struct {
	date  Date
	start int64                // s since 1970
	slots int                  // 92 to 100
	power map[string][]float32 // W, by serial number; nil without any report
	dirty bool                 // must be written
}

// An inverterMean is the mean of the reports of one inverter in its latest slot.
type inverterMean struct {
	slotMean
	reported time.Time // of the last report; zero if unknown
}

// add records the reports that a gateway in loc returned at a time. A report that
// was recorded before is ignored.
func (v *inverters) add(list []device.Inverter, at time.Time, loc *time.Location) {
	for i := range list {
		r := &list[i]
		m := v.means[r.Serial]
		if !r.Reported.IsZero() && r.Reported.Equal(m.reported) {
			continue
		}
		t := r.Reported
		if age := at.Sub(t); age < -maxReportAge || age > maxReportAge {
			t = at
		}
		d := v.at(t, loc)
		if d == nil || !d.knows(r.Serial) {
			continue
		}
		w, ok := r.Power.Get()
		if !ok || math.Abs(w) >= limit {
			continue
		}
		if d.power[r.Serial] == nil {
			d.power[r.Serial] = nanSlice(d.slots)
		}
		slot := d.slot(t.Unix())
		m.reported = r.Reported
		d.power[r.Serial][slot] = m.add(d.start+int64(slot)*int64(inverterStep/time.Second), w)
		d.dirty = true
		v.setMean(r.Serial, m)
	}
}

// setMean keeps the mean of an inverter. Those of inverters that are no longer
// reported are dropped with all others, at the limit: then a report may count twice
// in its slot, which has the same mean.
func (v *inverters) setMean(serial string, m inverterMean) {
	if v.means == nil || len(v.means) > 2*maxInverters {
		v.means = map[string]inverterMean{}
	}
	v.means[serial] = m
}

// at returns the day of t, which it creates if necessary; nil if t is before all
// days that are kept.
func (v *inverters) at(t time.Time, loc *time.Location) *inverterDay {
	date := DateOf(t.In(loc))
	i, found := v.search(date)
	if found {
		return v.days[i]
	}
	start, end := date.Start(loc).Unix(), date.AddDays(1).Start(loc).Unix()
	d := &inverterDay{date: date, start: start, slots: int(end-start) / int(inverterStep/time.Second), power: map[string][]float32{}}
	days, old, ok := insert(v.days, i, d, usualDays+1, func(last *inverterDay) bool { return last.start > t.Unix()+future })
	if !ok {
		return nil
	}
	if old != nil {
		v.removed = append(v.removed, old.date)
	}
	v.removed = slices.DeleteFunc(v.removed, func(r Date) bool { return r == date })
	v.days = days
	return d
}

func (v *inverters) search(date Date) (int, bool) {
	return slices.BinarySearchFunc(v.days, date, func(d *inverterDay, date Date) int { return compare(d.date, date) })
}

// until returns copies of a day and of the days before it that its usual ratios are
// made of.
func (v *inverters) until(date Date) (days []*inverterDay) {
	for _, d := range v.days {
		if compare(d.date, date) > 0 || compare(d.date, date.AddDays(-usualDays)) < 0 {
			continue
		}
		copied := *d
		copied.power = make(map[string][]float32, len(d.power))
		for serial, power := range d.power {
			copied.power[serial] = slices.Clone(power)
		}
		days = append(days, &copied)
	}
	return days
}

// knows adds an inverter to the day, and reports whether it is in it.
func (d *inverterDay) knows(serial string) bool {
	_, ok := d.power[serial]
	if ok || len(d.power) >= maxInverters || !serialnumber.IsDevice(serial) {
		return ok
	}
	d.power[serial], d.dirty = nil, true
	return true
}

// slot returns the slot of a time, in s since 1970.
func (d *inverterDay) slot(unix int64) int {
	return max(0, min(d.slots-1, int((unix-d.start)/int64(inverterStep/time.Second))))
}
