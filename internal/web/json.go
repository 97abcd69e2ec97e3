package web

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"math"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// writeJSON writes v as the response.
func writeJSON(w http.ResponseWriter, code int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		code, body = http.StatusInternalServerError, []byte(`{"error":"encoding failed"}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write(body)
}

func writeError(w http.ResponseWriter, code int, message string) {
	writeJSON(w, code, struct {
		Error string `json:"error"`
	}{message})
}

// readJSON decodes the body into v. If it cannot, it writes the response and
// returns false. Only application/json is accepted, which no form can send.
func readJSON(w http.ResponseWriter, r *http.Request, v any) bool {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		writeError(w, http.StatusUnsupportedMediaType, "want Content-Type: application/json")
		return false
	}
	err := json.NewDecoder(r.Body).Decode(v)
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		writeError(w, http.StatusRequestEntityTooLarge, "body too large")
		return false
	}
	if err != nil { // whose text may contain the input
		writeError(w, http.StatusBadRequest, "want a JSON object")
		return false
	}
	return true
}

// compressed returns a writer of the response body, compressed if the client accepts
// that and not too many others are being compressed. The caller closes it.
func compressed(w http.ResponseWriter, r *http.Request) io.WriteCloser {
	w.Header().Add("Vary", "Accept-Encoding")
	if !acceptsGzip(r) {
		return plainBody{w}
	}
	select {
	case gzipInUse <- struct{}{}:
	default:
		return plainBody{w}
	}
	w.Header().Set("Content-Encoding", "gzip")
	z := gzipWriters.Get().(*gzip.Writer)
	z.Reset(w)
	return gzipBody{z}
}

// gzipWriters are unused writers, which take 800 kB each. gzipInUse has an element for
// each that is used.
var (
	gzipWriters = sync.Pool{New: func() any {
		z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed)
		return z
	}}
	gzipInUse = make(chan struct{}, 4)
)

type gzipBody struct{ *gzip.Writer }

// Close implements [io.Closer].
func (b gzipBody) Close() error {
	err := b.Writer.Close()
	gzipWriters.Put(b.Writer)
	<-gzipInUse
	return err
}

type plainBody struct{ io.Writer }

func (plainBody) Close() error { return nil }

func acceptsGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(coding), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") && strings.TrimSpace(params) != "q=0" {
			return true
		}
	}
	return false
}

// A number is written with at most three decimals, and as null if it is NaN.
type number float64

// MarshalJSON implements [json.Marshaler].
func (n number) MarshalJSON() ([]byte, error) {
	v := float64(n)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, math.Round(v*1000)/1000+0, 'f', -1, 64), nil
}
