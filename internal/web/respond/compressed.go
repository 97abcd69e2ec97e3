package respond

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// gzipWriters are unused writers, which take 800 kB each. gzipInUse has an element for
// each that is used.
var (
	gzipWriters = sync.Pool{New: func() any {
		z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed)
		return z
	}}
	gzipInUse = make(chan struct{}, 4)
)

// Compressed writes the response that write writes, compressed if the client accepts
// that and not too many others are being compressed.
func Compressed(w http.ResponseWriter, r *http.Request, contentType string, write func(io.Writer) error) {
	setHeader(w, contentType)
	w.Header().Add("Vary", "Accept-Encoding")
	// An error of write means that the client has disconnected.
	if !AcceptsGzip(r) {
		_ = write(w)
		return
	}
	select {
	case gzipInUse <- struct{}{}:
		defer func() { <-gzipInUse }()
	default:
		_ = write(w)
		return
	}
	w.Header().Set("Content-Encoding", "gzip")
	z := gzipWriters.Get().(*gzip.Writer)
	defer gzipWriters.Put(z)
	z.Reset(w)
	_ = write(z)
	_ = z.Close()
}

// CompressedJSON writes v as [Compressed] does.
func CompressedJSON(w http.ResponseWriter, r *http.Request, v any) {
	Compressed(w, r, "application/json", func(body io.Writer) error { return json.NewEncoder(body).Encode(v) })
}

// CompressedCSV writes rows as [Compressed] does, as a file with a name.
func CompressedCSV(w http.ResponseWriter, r *http.Request, name string, rows [][]string) {
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	Compressed(w, r, "text/csv; charset=utf-8", func(body io.Writer) error { return csv.NewWriter(body).WriteAll(rows) })
}

// AcceptsGzip reports whether the client can read compressed responses.
func AcceptsGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(coding), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") && strings.TrimSpace(params) != "q=0" {
			return true
		}
	}
	return false
}

const (
	// maxLarge is how many large responses are made at the same time. Each takes up to
	// 5 MB of memory and, on a small computer, a core for a part of a second.
	maxLarge = 2
	// largeTimeout is how long a request waits for its turn.
	largeTimeout = 5 * time.Second
)

// A Queue has an element for each large response that is being made.
type Queue chan struct{}

// NewQueue returns an empty queue.
func NewQueue() Queue { return make(Queue, maxLarge) }

// Wait returns a handler that calls next when it is the request's turn.
func (q Queue) Wait(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		timeout := time.NewTimer(largeTimeout)
		defer timeout.Stop()
		select {
		case q <- struct{}{}:
			defer func() { <-q }()
			next(w, r)
		case <-timeout.C:
			w.Header().Set("Retry-After", "5")
			Error(w, http.StatusServiceUnavailable, "too many requests at the same time")
		case <-r.Context().Done():
		}
	}
}
