package limit

import "time"

// Stop ends the leases, those that last forever only if the gateway is removed from
// the configuration. Commands are refused from now on.
func (m *Machine) Stop(isRemoved bool, now time.Time) {
	m.giveUpCommands("envoy-mqtt stops", now)
	for _, l := range m.levers {
		l.readAfter = now
		if l.lease != nil && (isRemoved || !l.lease.Until.IsZero()) {
			l.end("envoy-mqtt stops", now)
		}
	}
}

// IsStopped reports whether nothing is left that can be done after [Machine.Stop].
func (m *Machine) IsStopped(now time.Time) bool {
	if m.busy || m.isDirty && !now.Before(m.saveAfter) {
		return false
	}
	for _, l := range m.levers {
		if l.lease != nil && l.lease.isRestoring() && !l.restoration.mustWait {
			return false
		}
	}
	return true
}

// HandOver ends the machine, whose leases another one continues with the record
// that it returns.
func (m *Machine) HandOver(now time.Time) Record {
	m.giveUpCommands("envoy-mqtt reads its configuration again", now)
	r := m.record()
	for name, l := range r.Leases {
		if !l.Until.IsZero() {
			current := *l
			current.Until = now.Add(l.Until.Sub(now)) // as a clock shows it that was set meanwhile
			r.Leases[name] = &current
		}
	}
	return r
}

// giveUpCommands refuses all commands that were not written yet, and those that
// arrive later.
func (m *Machine) giveUpCommands(why string, now time.Time) {
	m.isStopping = true
	for _, l := range m.levers {
		l.refusePending(why, now)
		if a := l.attempt; a != nil && a.command != nil && !a.isWriting {
			l.cancelAttempt(why, now)
		}
	}
}
