package enlighten_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
)

// A rig is a cloud and a folder, on which programs come and go.
type rig struct {
	t   *testing.T
	sim *enlightentest.Cloud
	srv *enlightentest.Server
	dir string
}

// inRig runs f in a bubble of time, with a cloud and an empty folder.
func inRig(t *testing.T, f func(t *testing.T, r *rig)) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "state")
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, sim: &enlightentest.Cloud{}, dir: dir}
		r.srv = enlightentest.NewServer(r.sim)
		defer r.srv.Close()
		f(t, r)
	})
}

// source is a new program on the same folder.
func (r *rig) source() *enlighten.Source {
	return &enlighten.Source{
		Account: account,
		Cloud:   &enlighten.Cloud{LoginURL: r.srv.LoginURL, TokenURL: r.srv.TokenURL, HTTP: r.srv.Client()},
		Store:   &enlighten.Store{Dir: r.dir},
	}
}

// write puts a file into the folder.
func (r *rig) write(name, text string) {
	r.t.Helper()
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// read returns a file of the folder.
func (r *rig) read(name string) string {
	r.t.Helper()
	b, err := os.ReadFile(filepath.Join(r.dir, name))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(b)
}

var stamps = regexp.MustCompile(`"\d{4}-\d\d-\d\dT[^"]*"`)

// shift adds d to every time in the folder's bookkeeping, as if the clock had been
// ahead by that when they were written, or was behind by it now.
func (r *rig) shift(d time.Duration) {
	r.t.Helper()
	files, err := filepath.Glob(filepath.Join(r.dir, "*.json"))
	if err != nil || len(files) == 0 {
		r.t.Fatalf("bookkeeping = %v, %v, want files", files, err)
	}
	for _, f := range files {
		name := filepath.Base(f)
		r.write(name, stamps.ReplaceAllStringFunc(r.read(name), func(s string) string {
			at, err := time.Parse(`"`+time.RFC3339Nano+`"`, s)
			if err != nil || at.IsZero() {
				return s
			}
			return at.Add(d).Format(`"` + time.RFC3339Nano + `"`)
		}))
	}
}

// logins returns how many logins there were.
func (r *rig) logins() int { return len(r.sim.Logins()) }

// A gateway is what takes or refuses a token, as the gateway's client asks it.
type gateway func(token string) bool

func takes(string) bool   { return true }
func refuses(string) bool { return false }

// poll uses src as the gateway's client does in one poll.
func (g gateway) poll(ctx context.Context, src *enlighten.Source) error {
	for range 2 {
		token, err := src.Token(ctx, serial)
		if err != nil {
			return err
		}
		if g(token) {
			src.Accept(token)
			return nil
		}
		src.Reject(token)
	}
	return fmt.Errorf("poll: %w", enlighten.ErrRefused)
}

// run starts src's background part and returns what ends it and waits for it.
func run(src *enlighten.Source) (stop func()) {
	src.Start()
	return src.Close
}
