package envoytest

import (
	"net/http"
	"strings"
	"time"
)

// homePage is the local page and, for those who ask so, its JSON.
func homePage(g locked, r *http.Request) answer {
	switch {
	case r.URL.Path == "/" && g.version().atLeast(8, 3, 5286):
		return text(http.StatusNotFound, "text/html", errorPage("404 Not Found"))
	case r.URL.Path != "/home.json" && !strings.Contains(r.Header.Get("Accept"), "application/json"):
		a := text(http.StatusOK, "text/html", errorPage("Envoy"))
		a.chunked = true
		return a
	}
	return rendered(map[string]any{
		"software_build_epoch": 1748922970,
		"is_nonvoy":            false,
		"db_size":              "12 MB",
		"timezone":             time.Now().Location().String(),
		"current_date":         time.Now().Format("01/02/2006"),
		"current_time":         time.Now().Format("15:04"),
		"network": map[string]any{
			"web_comm": true, "ever_reported_to_enlighten": true, "primary_interface": "eth0",
			"interfaces": []any{map[string]any{
				"type": "ethernet", "interface": "eth0", "mac": "00:1D:C0:00:00:01",
				"dhcp": true, "ip": "192.0.2.10", "signal_strength": 1, "signal_strength_max": 1, "carrier": true,
			}},
		},
		"alerts":        []any{},
		"update_status": "satisfied",
	})
}

// missing answers for a page that the firmware has not: each age has its way,
// and the gateway's own processes another than its web pages.
func (g locked) missing(path string) answer {
	v, own := g.version(), strings.HasPrefix(path, "/ivp/") || strings.HasPrefix(path, "/api/")
	switch {
	case !v.atLeast(4) && !own:
		a := text(http.StatusOK, "text/html", errorPage("Page Not Found"))
		a.chunked = true
		return a
	case !v.tokens():
		return text(http.StatusNotFound, "application/json; charset=ISO-8859-4", `{ "error" : "404 - Not Found" }`+"\n")
	case own:
		return text(http.StatusOK, "", `{"error":"Not Found"}`+"\n")
	}
	a := text(http.StatusMovedPermanently, "text/html", errorPage("301 Moved Permanently"))
	a.set("Location", "https://localhost/404.html")
	return a
}

// errorPage is a page for people.
func errorPage(title string) string {
	return "<html>\n<head><title>" + title + "</title></head>\n<body>\n<center><h1>" + title +
		"</h1></center>\n<hr><center>openresty/1.17.8.1</center>\n</body>\n</html>\n"
}
