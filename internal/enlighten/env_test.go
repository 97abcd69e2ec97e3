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

// TestMain keeps the files in memory if it can, where fsync takes no time.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("/dev/shm", "enlighten-")
	if err == nil {
		_ = os.Setenv("TMPDIR", dir) // of t.TempDir
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// A testEnv is a simulated cloud and a state folder.
type testEnv struct {
	t   *testing.T
	sim *enlightentest.Cloud
	srv *enlightentest.Server
	dir string
}

// withEnv runs f in a synctest bubble with a new cloud and an empty folder.
func withEnv(t *testing.T, f func(t *testing.T, r *testEnv)) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "state")
	synctest.Test(t, func(t *testing.T) {
		r := &testEnv{t: t, sim: &enlightentest.Cloud{}, dir: dir}
		r.srv = enlightentest.NewServer(r.sim)
		defer r.srv.Close()
		f(t, r)
	})
}

// newSource returns a source as a new process would create it.
func (r *testEnv) newSource() *enlighten.Source {
	return &enlighten.Source{
		Account: account,
		Cloud:   &enlighten.Cloud{LoginURL: r.srv.LoginURL, TokenURL: r.srv.TokenURL, HTTP: r.srv.Client()},
		Store:   &enlighten.Store{Dir: r.dir},
	}
}

// write writes a file in the folder.
func (r *testEnv) write(name, text string) {
	r.t.Helper()
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// read returns the content of a file in the folder.
func (r *testEnv) read(name string) string {
	r.t.Helper()
	b, err := os.ReadFile(filepath.Join(r.dir, name))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(b)
}

var stamps = regexp.MustCompile(`"\d{4}-\d\d-\d\dT[^"]*"`)

// shiftTimes adds d to each time in the records of the folder, as if the clock had
// been ahead by d when they were written, or was behind by d now.
func (r *testEnv) shiftTimes(d time.Duration) {
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

// logins returns the number of logins so far.
func (r *testEnv) logins() int { return len(r.sim.Logins()) }

// A gateway reports whether it accepts a token.
type gateway func(token string) bool

func accepts(string) bool { return true }
func rejects(string) bool { return false }

// poll uses src as the client of the gateway does in one poll.
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

// run starts src and returns the function that closes it.
func run(src *enlighten.Source) (stop func()) {
	src.Start()
	return src.Close
}
