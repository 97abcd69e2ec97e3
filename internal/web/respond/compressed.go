package respond

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// gzipInUse has an element for each response that is being compressed, which takes
// 800 kB.
var gzipInUse = make(chan struct{}, 4)

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
	z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
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
