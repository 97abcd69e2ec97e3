package envoytest

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Captures returns the folders with captures of real gateways: those in
// $GATEWAY_CAPTURES, or in shared/gateways of the working directory or one
// above it; none when there is no such place.
func Captures() []string {
	if dir := os.Getenv("GATEWAY_CAPTURES"); dir != "" {
		return capturesIn(dir)
	}
	dir, err := os.Getwd()
	if err != nil {
		return nil
	}
	for {
		if found := capturesIn(filepath.Join(dir, "shared", "gateways")); found != nil {
			return found
		}
		up := filepath.Dir(dir)
		if up == dir {
			return nil
		}
		dir = up
	}
}

func capturesIn(dir string) []string {
	infos, _ := filepath.Glob(filepath.Join(dir, "*", "info")) // fails for a malformed pattern alone
	var dirs []string
	for _, info := range infos {
		dirs = append(dirs, filepath.Dir(info))
	}
	return dirs // Glob sorts
}

// A captureLog is what a collector wrote beside a body.
type captureLog struct {
	Code    int               `json:"code"`
	Headers map[string]string `json:"headers"`
}

// capturedPage answers from the capture's folder; what is not there is missing.
func capturedPage(g locked, r *http.Request) answer {
	for _, name := range captureNames(r) {
		body, err := os.ReadFile(filepath.Join(g.Capture, name))
		if err != nil {
			continue
		}
		a := answer{code: http.StatusOK, body: body}
		if !a.replay(filepath.Join(g.Capture, name+"_log.json")) {
			a.guess(r.URL.Path)
		}
		if g.Fresh {
			a.body = refresh(a.body, time.Now())
		}
		return a
	}
	return g.missing(r.URL.Path)
}

// captureNames are the files that may hold the answer, the best first: one for
// the very query, then any query's.
func captureNames(r *http.Request) []string {
	path := strings.Trim(r.URL.Path, "/")
	if path == "info.xml" {
		path = "info"
	}
	names := []string{path}
	if q := r.URL.RawQuery; q != "" {
		names = []string{path + "_" + q, path}
	}
	for i, n := range names {
		names[i] = strings.NewReplacer("/", "_", "=", "_", "&", "_", `\`, "_", ":", "_").Replace(n)
	}
	return slices.DeleteFunc(names, func(n string) bool { return !filepath.IsLocal(n) })
}

// replay takes status and headers from a log, but for what belongs to the one
// connection and session that was logged.
func (a *answer) replay(file string) bool {
	b, err := os.ReadFile(file)
	if err != nil {
		return false
	}
	var log captureLog
	if json.Unmarshal(b, &log) != nil || log.Code == 0 {
		return false
	}
	a.code, a.bare = log.Code, true
	for k, v := range log.Headers {
		switch k = http.CanonicalHeaderKey(k); k {
		case "Date", "Content-Length", "Set-Cookie":
		case "Transfer-Encoding":
			a.chunked = true
		default:
			a.set(k, v)
		}
	}
	return true
}

// guess gives a body without a log the headers of its kind.
func (a *answer) guess(path string) {
	switch {
	case path == "/production.json", path == "/production":
		a.chunked = true
		a.set("Content-Type", "application/json")
	case strings.HasPrefix(path, "/api/"):
		a.set("Content-Type", "application/json")
	}
}

var times = regexp.MustCompile(`("(?:readingTime|timestamp|lastReportDate)"\s*:\s*)(\d{9,})`)

// refresh moves the times in a body together, the newest to now.
func refresh(body []byte, now time.Time) []byte {
	var newest int64
	for _, m := range times.FindAllSubmatch(body, -1) {
		t, _ := strconv.ParseInt(string(m[2]), 10, 64) // digits; too many are no time
		newest = max(newest, t)
	}
	return times.ReplaceAllFunc(body, func(b []byte) []byte {
		m := times.FindSubmatch(b)
		t, _ := strconv.ParseInt(string(m[2]), 10, 64)
		return strconv.AppendInt(slices.Clone(m[1]), t+now.Unix()-newest, 10)
	})
}
