package envoytest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// captures returns the captures, or skips the test where there are none.
func captures(t *testing.T) []string {
	t.Helper()
	dirs := Captures()
	if dirs == nil {
		t.Skip("no captures of real gateways: neither $GATEWAY_CAPTURES nor shared/gateways above the package")
	}
	return dirs
}

// Every file of every capture is served as it is, with its code and headers.
func TestCaptures(t *testing.T) {
	for _, dir := range captures(t) {
		s := NewServer(&Gateway{Capture: dir})
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			name := f.Name()
			if strings.HasSuffix(name, "_log.json") || name == "expected.json" {
				continue
			}
			path := "/" + strings.ReplaceAll(name, "_", "/")
			path = strings.Replace(path, "/details/1", "?details=1", 1)
			path = strings.Replace(path, "device/data", "device_data", 1)
			want, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			code, header := logged(t, filepath.Join(dir, name+"_log.json"))
			r, got := get(t, s.Client(), s.URL+path)
			if !bytes.Equal(got, want) || r.StatusCode != code {
				t.Errorf("%s%s = %d with %d bytes, want %d with %d", filepath.Base(dir), path, r.StatusCode, len(got), code, len(want))
			}
			for k, v := range header {
				if got := r.Header.Get(k); k != "Date" && k != "Content-Length" && k != "Set-Cookie" && k != "Connection" && k != "Transfer-Encoding" && got != v {
					t.Errorf("%s%s: %s = %q, want %q", filepath.Base(dir), path, k, got, v)
				}
			}
			if chunked := header["Transfer-Encoding"] == "chunked"; header != nil && chunked != (r.ContentLength < 0) {
				t.Errorf("%s%s: length %d, want chunked %t", filepath.Base(dir), path, r.ContentLength, chunked)
			}
		}
		s.Close()
	}
}

func logged(t *testing.T, file string) (int, map[string]string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		return http.StatusOK, nil
	}
	var l captureLog
	if err := json.Unmarshal(b, &l); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	h := map[string]string{}
	for k, v := range l.Headers {
		h[http.CanonicalHeaderKey(k)] = v
	}
	return l.Code, h
}

// With details and without, when there are two files, and when there is one.
func TestCaptureQueries(t *testing.T) {
	dir := t.TempDir()
	for name, body := range map[string]string{
		"info":                      "<software>D8.2.4345</software>",
		"production.json":           `{"production":[]}`,
		"production.json_details_1": `{"production":[{"lines":[]}]}`,
		"ivp_meters":                `[]`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := NewServer(&Gateway{Capture: dir})
	defer s.Close()
	for path, want := range map[string]string{
		"/info.xml":                  "<software>D8.2.4345</software>",
		"/production.json":           `{"production":[]}`,
		"/production.json?details=1": `{"production":[{"lines":[]}]}`,
		"/ivp/meters?x=../../y":      `[]`,
		"/ivp/meters/readings":       `{"error":"Not Found"}` + "\n",
	} {
		if _, b := get(t, s.Client(), s.URL+path); string(b) != want {
			t.Errorf("%s = %q, want %q", path, b, want)
		}
	}
	if r, _, err := try(t, s.Client(), s.URL+"/production.json", ""); err != nil || r.StatusCode != 401 {
		t.Errorf("without a token: %v, %v, want 401 of firmware 8", r, err)
	}
}

func TestFresh(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	const body = `{"readingTime": 1753703609, "x":[{"readingTime":0,"wNow":1753703609},{"timestamp":1753703631}]}`
	const want = `{"readingTime": 1799999978, "x":[{"readingTime":0,"wNow":1753703609},{"timestamp":1800000000}]}`
	if got := string(refresh([]byte(body), now)); got != want {
		t.Errorf("refresh = %s\nwant      %s", got, want)
	}
}

// A fault strikes a capture as it does a simulated house.
func TestFaultOnCapture(t *testing.T) {
	var dir string
	for _, d := range captures(t) {
		if filepath.Base(d) == "8.3.5167_3rd-pv" {
			dir = d
		}
	}
	if dir == "" {
		t.Skip("the capture of 8.3.5167 is not among the captures")
	}
	g := &Gateway{Capture: dir}
	s := NewServer(g)
	defer s.Close()
	g.Fault(Flicker, 1)
	_, b := get(t, s.Client(), s.URL+production)
	if e := decode(t, b).entry("net-consumption"); e.ActiveCount != 0 || len(e.Lines) != 3 {
		t.Errorf("flicker: %+v", e)
	}
	_, b = get(t, s.Client(), s.URL+production)
	if e := decode(t, b).entry("net-consumption"); e.ActiveCount != 1 || e.WNow != -4980.266 {
		t.Errorf("afterwards: %+v", e)
	}
}
