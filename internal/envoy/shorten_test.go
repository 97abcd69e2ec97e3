package envoy

import (
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"
)

// repeated returns n entries, in which %[1]d is the number of the entry.
func repeated(format string, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func TestShorten(t *testing.T) {
	long := repeated("%[1]d", maxDevices+1)
	for _, tt := range []struct{ name, body, want string }{
		{"short", `{"a":[1,2]}`, `{"a":[1,2]}`},
		{"as many as may be", "[" + repeated("%[1]d", maxDevices) + "]", "[" + repeated("%[1]d", maxDevices) + "]"},
		{"one more", "[" + long + "]", "[" + repeated("%[1]d", maxDevices) + "]"},
		{"inside, and what follows", `{"a":[` + long + `],"b":2}`, `{"a":[` + repeated("%[1]d", maxDevices) + `],"b":2}`},
		{"an object", "{" + repeated(`"%[1]d":{"a":1}`, maxDevices+7) + "}", "{" + repeated(`"%[1]d":{"a":1}`, maxDevices) + "}"},
		{"lists in what is left out", "[" + long + `,[1,[2,"]"]],{"x":"}"}]`, "[" + repeated("%[1]d", maxDevices) + "]"},
		{"commas and quotes in a text", `["` + strings.Repeat(`\",[`, maxDevices) + `"]`, `["` + strings.Repeat(`\",[`, maxDevices) + `"]`},
		{"not closed", "[" + long, "[" + long},
		{"closed too often", "[" + long + "]]", "[" + long + "]]"},
		{"no JSON", strings.Repeat(",", maxDevices+1), strings.Repeat(",", maxDevices+1)},
		{"a text without end", "[" + long + `,"\`, "[" + long + `,"\`},
		{"nothing", "", ""},
	} {
		got, shortened := shorten([]byte(tt.body))
		if string(got) != tt.want || shortened != (tt.body != tt.want) {
			t.Errorf("%s: %d bytes %.60s, %t, want %d bytes", tt.name, len(got), got, shortened, len(tt.want))
		}
	}
	// Many lists that are short each.
	got, shortened := shorten([]byte("[" + repeated("["+repeated("%[1]d", 100)+"]", 1000) + "]"))
	if n := strings.Count(string(got), ","); !shortened || n > maxValues {
		t.Errorf("%d entries are left of 100,000 in lists of 100, want %d at most", n, maxValues)
	}
}

// TestLongLists reads 4 MiB of each path's entries.
func TestLongLists(t *testing.T) {
	for _, tt := range []struct{ name, begin, entry, end string }{
		{"meters", `[`, `{"eid":%[1]d,"measurementType":"x"}`, `]`},
		{"meters' flags", `[{"eid":1,"measurementType":"x","statusFlags":[`, `"a%[1]d"`, `]}]`},
		{"readings", `[`, `{"eid":%[1]d,"timestamp":1}`, `]`},
		{"readings of nothing", `[`, `{}`, `]`},
		{"inverters", `[`, `{"serialNumber":"%[1]d"}`, `]`},
		{"inverters in reverse", `[`, `{"serialNumber":%[2]d}`, `]`},
		{"device_data", `{`, `"%[1]d":{"devName":"pcu","sn":"%[1]d","channels":[{}]}`, `}`},
		{"device_data, gone", `{`, `"%[1]d":{"devName":"pcu","sn":"%[1]d","modGone":true,"active":false}`, `}`},
		{"inventory", `[{"type":"ENCHARGE","devices":[`, `{"serial_num":"%[1]d"}`, `]}]`},
		{"inventory's groups", `[`, `{"type":"ENCHARGE","devices":[{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}]}`, `]`},
		{"battery power", `{"devices:":[`, `{"serial_num":"%[1]d","real_power_mw":1}`, `]}`},
		{"production", `{"production":[`, `{"type":"eim","activeCount":0}`, `]}`},
		{"numbers", `[`, `1`, `]`},
	} {
		entry := func(i int) string {
			if !strings.Contains(tt.entry, "%") {
				return tt.entry
			}
			return strings.ReplaceAll(strings.ReplaceAll(tt.entry, "%[1]d", fmt.Sprint(i)), "%[2]d", fmt.Sprint(10_000_000-i))
		}
		var b strings.Builder
		b.WriteString(tt.begin)
		for i := 0; b.Len() < maxBody-200; i++ {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(entry(i))
		}
		b.WriteString(tt.end)
		body := []byte(b.String())
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		short, shortened := shorten(body)
		ms, _ := parseMeters(short)
		_, _ = parseReadings(short, []MeterConfig{{EID: "-1", Kind: "production", Enabled: true}}, new(layout))
		is, _ := parseInverters(short)
		ds, _ := parseDeviceData(short)
		e, _ := parseEnsemble(short)
		ps, _ := parseBatteryPower(short)
		_, _ = parseProduction(short, new(layout))
		new(Session).Batteries(e.Batteries, ps, time.Now())
		is.Join(ds)
		runtime.ReadMemStats(&after)
		if n := max(len(ms), len(is.Inverters), len(ds.Inverters), len(ds.Gone), len(e.Batteries), len(ps)); !shortened || n > maxDevices {
			t.Errorf("%s: %d devices of %d bytes, want %d at most", tt.name, n, len(body), maxDevices)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
			t.Errorf("%s: read with %d MiB of memory, want less than 64", tt.name, used>>20)
		}
	}
}

func TestSessionJar(t *testing.T) {
	jar := new(sessionJar)
	secure, plain, other := &url.URL{Scheme: "https", Host: "gateway"}, &url.URL{Scheme: "http", Host: "gateway"}, &url.URL{Scheme: "https", Host: "other"}
	for _, tt := range []struct {
		name string
		from *url.URL
		set  []*http.Cookie
		to   *url.URL
		want string
	}{
		{"none", secure, nil, secure, ""},
		{"others", secure, []*http.Cookie{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}}, secure, ""},
		{"the session's", secure, []*http.Cookie{{Name: "a", Value: "1"}, {Name: "sessionId", Value: "abc", Secure: true}}, secure, "sessionId=abc"},
		{"secure, over plain http", secure, nil, plain, ""},
		{"to another host", secure, nil, other, ""},
		{"a new one", secure, []*http.Cookie{{Name: "sessionId", Value: "def"}}, plain, "sessionId=def"},
		{"a long one", secure, []*http.Cookie{{Name: "sessionId", Value: strings.Repeat("x", maxCookie+1)}}, secure, "sessionId=def"},
		{"removed", secure, []*http.Cookie{{Name: "sessionId", Value: "def", MaxAge: -1}}, secure, ""},
	} {
		jar.SetCookies(tt.from, tt.set)
		var got []string
		for _, c := range jar.Cookies(tt.to) {
			got = append(got, c.String())
		}
		if strings.Join(got, "; ") != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
