package envoytest

import "time"

// Fault makes f strike the next n requests that it can strike; below zero: until
// [Gateway.Clear]. It takes the place of any other fault. Unauthorized counts
// requests to check_jwt too, and Reboot counts refused connections.
func (g *Gateway) Fault(f Fault, n int) { setOutage(g, &outage{fault: f, n: n}) }

// FaultAt makes f strike the next n requests for path alone.
func (g *Gateway) FaultAt(path string, f Fault, n int) {
	setOutage(g, &outage{fault: f, n: n, path: path})
}

// FaultFor makes f strike for some time.
func (g *Gateway) FaultFor(f Fault, d time.Duration) {
	setOutage(g, &outage{fault: f, n: -1, lasts: max(d, 1)})
}

// Clear ends the fault.
func (g *Gateway) Clear() { setOutage(g, nil) }

// setOutage replaces the fault; nil ends it.
func setOutage(g *Gateway, o *outage) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.outage = o
	if o == nil {
		return
	}
	o.began = time.Now()
	if o.fault == Reboot {
		g.sessions.expire()
	}
}

// restart begins the restart of the night.
func (g locked) restart(now time.Time) {
	const hour, lasts = 23, 90 * time.Second
	y, m, d := now.Date()
	at := time.Date(y, m, d, hour, 0, 0, 0, now.Location())
	if !g.Restarts || now.Before(at) || now.Sub(at) >= lasts || g.outage != nil && g.outage.began.Equal(at) {
		return
	}
	g.outage = &outage{fault: Reboot, n: -1, lasts: lasts, began: at}
	g.sessions.expire()
}

// current is the outage that a request meets, or nil.
func (g locked) current() *outage {
	g.restart(time.Now())
	o := g.outage
	if o == nil || o.lasts > 0 && time.Since(o.began) >= o.lasts || o.n >= 0 && o.used >= o.n {
		return nil
	}
	return o
}

// strike is the fault that a request for path meets, "" for none, and what it
// belongs to. A reboot comes as what it is at the moment: Reset, Hang or Busy.
func (g locked) strike(path string) (Fault, *outage) {
	o := g.current()
	if o == nil || !o.reaches(path) {
		return "", nil
	}
	f := o.fault
	if f == Reboot {
		f = o.stage()
	}
	o.used++
	return f, o
}

// admit is what a [Server] asks before it takes a connection: whether the
// firmware listens there ("" asks for no scheme), and whether it is up.
func (g *Gateway) admit(scheme string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := locked{g}
	if scheme != "" && !l.version().speaks(scheme) {
		return false
	}
	o := l.current()
	if o == nil || o.fault != Reboot || o.stage() != Reset {
		return true
	}
	o.used++
	return false
}
