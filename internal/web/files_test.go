package web

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/web/webtest"
)

// maxPage is the size of the page, compressed, in bytes.
const maxPage = 60_000

// vendored are the files of uPlot 1.6.32 as npm has them, by SHA-256.
var vendored = map[string]string{
	"uPlot.iife.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
	"uPlot.min.css":     "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
	"uPlot.LICENSE.txt": "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
}

func TestVendored(t *testing.T) {
	entries, err := pageFiles.ReadDir("page/vendor")
	if err != nil || len(entries) != len(vendored) {
		t.Errorf("%d vendored files, %v; want %d", len(entries), err, len(vendored))
	}
	for name, want := range vendored {
		content, err := pageFiles.ReadFile("page/vendor/" + name)
		if sum := sha256.Sum256(content); err != nil || hex.EncodeToString(sum[:]) != want {
			t.Errorf("%s is not that of npm: %x, %v", name, sum, err)
		}
	}
}

func TestSize(t *testing.T) {
	index, _ := pageFiles.ReadFile("page/index.html")
	size := len(zipped(gzip.NewWriter(nil), index))
	first, all := size, size
	for name, f := range files() {
		all += len(f.gzip)
		switch name {
		case "app.css", "app.js", "lib.js", "data.js", "now.js", "icon.svg":
			first += len(f.gzip)
		}
	}
	t.Logf("first visit %d bytes, everything %d bytes, compressed", first, all)
	if all > maxPage {
		t.Errorf("the page has %d bytes, want at most %d", all, maxPage)
	}
}

// inline are what the content security policy would stop, and addresses of others.
var inline = regexp.MustCompile(`(?i)<script>|<style|\son\w+="|\sstyle="|innerHTML|\beval\(|(src|href|action)="(/|https?:)`)

func TestNothingIsInline(t *testing.T) {
	err := fs.WalkDir(pageFiles, "page", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(path, "vendor") {
			return err
		}
		content, err := pageFiles.ReadFile(path)
		if found := inline.FindString(string(content)); found != "" {
			t.Errorf("%s has %q", path, found)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestFiles(t *testing.T) {
	h := newServer().Handler()
	for name, f := range files() {
		w := get(h, "/"+name)
		content, err := pageFiles.ReadFile("page/" + name)
		if err != nil || w.Code != 200 || w.Body.String() != string(content) || w.Header().Get("Content-Type") != f.kind || f.kind == "" {
			t.Errorf("GET %s = %d, %v", name, w.Code, w.Header())
		}
		etag := w.Header().Get("ETag")
		if w := get(h, "/"+name, webtest.Header("If-None-Match", etag)); w.Code != 304 || w.Body.Len() != 0 || etag == "" {
			t.Errorf("GET %s with ETag %s = %d", name, etag, w.Code)
		}
	}
	entries, _ := fs.Glob(pageFiles, "page/*")
	if len(entries) != len(files())-3+2 { // index.html and the folder of three
		t.Errorf("%d entries in the folder, %d files are served", len(entries), len(files()))
	}
	for _, path := range []string{"/page/app.js", "/index.html", "/../go.mod", "/vendor", "/vendor/", "/api", "/api/", "/api/nothing", "/.git/config"} {
		if w := get(h, path); w.Code != 404 && w.Code != 301 && w.Code != 307 {
			t.Errorf("GET %s = %d", path, w.Code)
		}
	}
}
