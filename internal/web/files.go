package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"sync"

	"github.com/envoy-mqtt/envoy-mqtt/internal/web/respond"
)

//go:embed page
var pageFiles embed.FS

// A file is a file of the page, ready to be sent.
type file struct {
	kind string // Content-Type
	etag string
	gzip []byte
}

var contentTypes = map[string]string{
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".svg":  "image/svg+xml",
	".html": "text/html; charset=utf-8",
	".txt":  "text/plain; charset=utf-8",
}

// files returns the files of the page by path. They are compressed when the first
// of them is requested: a program whose page is never opened does not pay for it.
var files = sync.OnceValue(func() map[string]*file {
	all := map[string]*file{}
	z, _ := gzip.NewWriterLevel(nil, gzip.BestCompression)
	for _, name := range []string{
		"app.css", "app.js", "lib.js", "data.js", "now.js", "history.js", "inverters.js", "health.js", "icon.svg",
		"vendor/uPlot.iife.min.js", "vendor/uPlot.min.css", "vendor/uPlot.LICENSE.txt",
	} {
		content, err := pageFiles.ReadFile("page/" + name)
		if err != nil {
			panic(err) // it is missing in the binary
		}
		sum := sha256.Sum256(content)
		all[name] = &file{contentTypes[path.Ext(name)], `"` + hex.EncodeToString(sum[:12]) + `"`, zipped(z, content)}
	}
	return all
})

func zipped(z *gzip.Writer, content []byte) []byte {
	var b bytes.Buffer
	z.Reset(&b)
	_, _ = z.Write(content)
	_ = z.Close()
	return b.Bytes()
}

// ServeFile serves the file of the page that the path value file names. Browsers keep it and ask each time whether
// it has changed, so that a new version is never mixed with an old one.
func ServeFile(w http.ResponseWriter, r *http.Request) {
	f, ok := files()[r.PathValue("file")]
	if !ok {
		respond.Error(w, http.StatusNotFound, "no such path")
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", f.etag)
	h.Set("Vary", "Accept-Encoding")
	if r.Header.Get("If-None-Match") == f.etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", f.kind)
	if respond.AcceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		_, _ = w.Write(f.gzip)
		return
	}
	content, _ := pageFiles.ReadFile("page/" + r.PathValue("file"))
	_, _ = w.Write(content)
}
