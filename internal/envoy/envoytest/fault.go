package envoytest

import "time"

// A Fault is something that goes wrong with a gateway.
type Fault string

// The faults. They strike the pages behind the login, and Reboot every page.
const (
	Unauthorized Fault = "401"       // no token is good, at check_jwt neither
	Data401      Fault = "data401"   // no token is good, but check_jwt says it is
	ServerError  Fault = "500"       // with a page for people
	Busy         Fault = "503"       // as in the minutes after a start, with Retry-After
	Hang         Fault = "hang"      // accepts the request and never answers
	Garbage      Fault = "garbage"   // 200 with bytes that are no text
	Truncated    Fault = "truncated" // the body ends in its middle, well framed
	HTML         Fault = "html"      // 200 with a page for people
	Null         Fault = "null"      // 200 with the JSON null
	Reset        Fault = "reset"     // the connection is reset instead of an answer
	Huge         Fault = "huge"      // 200 with JSON that does not end
	Slow         Fault = "slow"      // the right body, ten bytes a second
	Redirect     Fault = "redirect"  // 301 to another host
	Flicker      Fault = "flicker"   // activeCount 0 and wrong numbers, as 8.3.5xxx for a poll
	Reboot       Fault = "reboot"    // one third each: refused, hanging, 503; sessions lost
	Frozen       Fault = "frozen"    // the answers stand still, readingTime too
	Zero         Fault = "zero"      // every number is 0 but times and counts, as 3.x after a start
	BadNumber    Fault = "badnumber" // powers are null and, the next time, text
)

// All holds every fault.
var All = []Fault{
	Unauthorized, Data401, ServerError, Busy, Hang, Garbage, Truncated, HTML, Null,
	Reset, Huge, Slow, Redirect, Flicker, Reboot, Frozen, Zero, BadNumber,
}

// An outage is a fault on its way.
type outage struct {
	fault Fault
	path  string        // the only one it strikes; "" for all
	n     int           // requests to strike; below zero: no such end
	lasts time.Duration // 0: no such end
	began time.Time
	used  int
	still map[string]answer // of Frozen, by request URI
}

func (o *outage) reaches(path string) bool {
	if o.path != "" && o.path != path {
		return false
	}
	return o.fault == Reboot || isData(path) || o.fault == Unauthorized && path == checkJWT
}

// rebooting is how long each third of a reboot without an end lasts, before it
// begins anew: as long as a gateway needs for one at night.
const rebooting = 30 * time.Second

// stage is how far a reboot has come.
func (o *outage) stage() Fault {
	stages := [...]Fault{Reset, Hang, Busy}
	switch {
	case o.lasts > 0:
		return stages[min(int(3*time.Since(o.began)/o.lasts), 2)]
	case o.n > 0:
		return stages[min(3*o.used/o.n, 2)]
	}
	return stages[time.Since(o.began)/rebooting%3]
}
