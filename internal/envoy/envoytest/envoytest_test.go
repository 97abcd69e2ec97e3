package envoytest

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"
)

// get asks a server as a client with a token does.
func get(t *testing.T, c *http.Client, url string) (*http.Response, []byte) {
	t.Helper()
	r, b, err := try(t, c, url, "Bearer t")
	if err != nil {
		t.Fatalf("GET %s: %v", url, err)
	}
	return r, b
}

func try(t *testing.T, c *http.Client, url, authorization string) (*http.Response, []byte, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	r, err := c.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer r.Body.Close()
	b, err := io.ReadAll(io.LimitReader(r.Body, 8<<20))
	return r, b, err
}

// wire is what a client wants to know of production.json.
type wire struct {
	Production, Consumption []wireEntry
}

type wireEntry struct {
	Type, MeasurementType string
	ActiveCount           int
	ReadingTime           int64
	WNow, WhLifetime      float64
	RmsVoltage            float64
	Lines                 []struct{ WNow, WhLifetime, RmsVoltage float64 }
}

func (w wire) entry(measurement string) wireEntry {
	for _, e := range append(w.Production, w.Consumption...) {
		if e.MeasurementType == measurement {
			return e
		}
	}
	return wireEntry{}
}

func decode(t *testing.T, b []byte) wire {
	t.Helper()
	var w wire
	if err := json.Unmarshal(b, &w); err != nil {
		t.Fatalf("production.json: %v\n%.300s", err, b)
	}
	return w
}

func noon() time.Time { return time.Date(2026, 6, 21, 12, 0, 0, 0, time.UTC) }

const production = "/production.json?details=1"
