package publish

import (
	"errors"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/devices"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schedule"
)

// invertersInterval is how often the microinverters are requested: they report
// every 5 to 15 minutes, and more requests slow gateways down.
const invertersInterval = 5 * time.Minute

// inverters are the latest answers about the microinverters, of two paths.
type inverters struct {
	target        *target
	counters      *counters
	list, details device.InverterReport
	isListed      bool // there has been an answer with the list
	isRefused     bool // a missing login has been logged
}

// tasks returns one task per path: a sample fits between the two requests.
func (i *inverters) tasks() []*schedule.Task {
	return []*schedule.Task{
		schedule.NewTask("inverters", device.InvertersPath, invertersInterval, (*envoy.Session).Inverters, i.onList),
		schedule.NewTask("inverter details", device.DetailsPath, invertersInterval, (*envoy.Session).InverterDetails, i.onDetails),
	}
}

// onList handles an answer with the list of the microinverters.
func (i *inverters) onList(s *envoy.Session, r device.InverterReport, err error) error {
	i.isListed = i.isListed || err == nil
	if errors.Is(err, envoy.ErrUnauthorized) && !i.isRefused {
		i.isRefused = true
		i.target.log.Warn().Err(err).Msg("inverters not read")
	}
	return i.publish(s, &i.list, r, err)
}

func (i *inverters) onDetails(s *envoy.Session, r device.InverterReport, err error) error {
	return i.publish(s, &i.details, r, err)
}

// publish handles an answer of one path, whose latest answer is in last.
func (i *inverters) publish(s *envoy.Session, last *device.InverterReport, r device.InverterReport, err error) error {
	if err != nil {
		*last = device.InverterReport{} // its values are too old
		return schedule.IgnoreUnsupported(err)
	}
	for n := range r.Inverters {
		r.Inverters[n] = i.counters.filter.ApplyInverter(r.Inverters[n], time.Now())
	}
	*last = r
	all := slices.Clone(i.list.Join(i.details).Inverters)
	i.counters.filter.SetInverters(len(all))
	var present []hass.SubDevice
	for n := range all {
		all[n].Reported = s.Date(all[n].Reported)
		present = append(present, devices.Inverter.SubDevice(i.target.shared.Topics, i.target.Serial, all[n].Serial, all[n], i.target.ttl(invertersInterval)))
	}
	for _, o := range i.target.shared.Observers {
		o.Inverters(i.target.config.Name, i.target.Serial, all)
	}
	// The answers of one path count: those with the list or, if there is no list,
	// those with the details.
	counts := r.Complete && (last == &i.list || !i.isListed)
	i.target.publishSubDevices(devices.Inverter.Kind, present, counts && len(present) > 0)
	return nil
}

// areAsleep reports whether there are inverters, and none of them has reported a
// power for hours.
func (i *inverters) areAsleep() bool {
	for _, inverter := range i.list.Inverters {
		if _, ok := inverter.Power.Get(); ok {
			return false
		}
	}
	return len(i.list.Inverters) > 0
}
