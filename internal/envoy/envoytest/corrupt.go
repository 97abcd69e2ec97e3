package envoytest

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
)

// corrupted returns what fault f, of o, leaves of a healthy answer. What falsifies
// the values takes the reading from it.
func corrupted(g locked, f Fault, o *outage, r *http.Request, a answer) answer {
	switch f {
	case Unauthorized, Data401:
		return g.unauthorized()
	case ServerError:
		return text(http.StatusInternalServerError, "text/html", errorPage("500 Internal Server Error"))
	case Busy:
		b := text(http.StatusServiceUnavailable, "text/plain", "Resource busy, please retry after 30 seconds\n")
		b.set("Retry-After", "30")
		return b
	case Redirect:
		b := text(http.StatusMovedPermanently, "text/html", errorPage("301 Moved Permanently"))
		b.set("Location", "https://localhost"+r.URL.RequestURI())
		return b
	case "", Slow:
		return a
	}
	if a.code != http.StatusOK {
		return a // who may not see the body does not see a wrong one
	}
	if f == Frozen {
		return o.freeze(r.URL.RequestURI(), a)
	}
	if f == Flicker && !bytes.Contains(a.body, []byte(`"eim"`)) {
		return a // it strikes the pages that count active meters
	}
	a.reading = nil
	switch f {
	case Garbage:
		a.body = bytes.Repeat([]byte("\x00\x9f\x17{\xff\xfe\xc3\x28\"\x80"), 100)
	case Truncated:
		a.body = a.body[:len(a.body)/2]
	case HTML:
		a = text(http.StatusOK, "text/html", errorPage("Please wait"))
	case Null:
		a.body = []byte("null")
	case Flicker:
		a.body = flicker(a.body)
	case Zero:
		a.body = numbers(a.body, zeroed)
	case BadNumber:
		bad := "null"
		if o.used%2 == 0 {
			bad = `"12.5"`
		}
		a.body = numbers(a.body, func(key, value string) string {
			if power[key] {
				return bad
			}
			return value
		})
	}
	return a
}

// freeze returns the answer that the URI got first, headers and all.
func (o *outage) freeze(uri string, a answer) answer {
	if o.still == nil {
		o.still = map[string]answer{}
	}
	if _, ok := o.still[uri]; !ok {
		o.still[uri] = a
	}
	a = o.still[uri]
	a.header = a.header.Clone() // the answer before may still be on its way
	return a
}

// power holds the keys of active power in all the firmware's documents.
var power = map[string]bool{"wNow": true, "wattsNow": true, "activePower": true, "instantaneousDemand": true, "agg_p_mw": true}

// flicker is a metered gateway that has forgotten its CTs. The inverters, which
// stand before the meters, are as they were.
func flicker(body []byte) []byte {
	i := max(0, bytes.Index(body, []byte(`"eim"`)))
	meters := numbers(body[i:], func(key, value string) string {
		switch {
		case key == "activeCount":
			return "0"
		case key == "wNow":
			return "4711.0"
		case strings.HasPrefix(key, "wh"):
			return "12.345"
		}
		return value
	})
	return append(bytes.Clone(body[:i]), meters...)
}

func zeroed(key, value string) string {
	switch key {
	case "readingTime", "timestamp", "lastReportDate", "activeCount", "phaseCount", "eid", "devType":
		return value
	}
	return "0"
}

var number = regexp.MustCompile(`"(\w+)"(\s*:\s*)(-?\d+(?:\.\d+)?)`)

// numbers replaces the numbers of a JSON document.
func numbers(body []byte, f func(key, value string) string) []byte {
	return number.ReplaceAllFunc(body, func(m []byte) []byte {
		s := number.FindSubmatch(m)
		key := string(s[1])
		return []byte(`"` + key + `"` + string(s[2]) + f(key, string(s[3])))
	})
}
