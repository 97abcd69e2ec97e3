package respond

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestCompressionIsLimited checks that many slow readers do not take a compressor each.
func TestCompressionIsLimited(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	count := 0
	// respond writes a response during which the further ones are written.
	var respond func(further int) error
	respond = func(further int) error {
		if further == 0 {
			return nil
		}
		w := httptest.NewRecorder()
		Compressed(w, r, "text/plain", func(io.Writer) error { return respond(further - 1) })
		if w.Header().Get("Content-Encoding") == "gzip" {
			count++
		}
		return nil
	}
	_ = respond(3 * cap(gzipInUse))
	if count != cap(gzipInUse) {
		t.Errorf("%d responses are compressed at the same time, want %d", count, cap(gzipInUse))
	}
}
