package enlighten_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
)

// TestDamagedStore checks that damaged files cause a warning, and that they are
// replaced by good ones.
func TestDamagedStore(t *testing.T) {
	for _, r := range []struct {
		name, file string
		make       func(r *testEnv, path string)
		want       string // a part of the warning; empty = none
		logins     int
	}{
		{"nothing", "", func(*testEnv, string) {}, "", 1},
		{"empty token", ".jwt", fileContent(""), "", 1},
		{"no token", ".jwt", fileContent("hello"), "the stored token is left aside: not a token", 1},
		{"half a token", ".jwt", fileContent(strings.Repeat("eyJhbGciOiJFUzI1NiJ9.", 2)), "the stored token is left aside: not a token", 1},
		{"other's token", ".jwt", func(r *testEnv, p string) { fileContent(testTokens()["other"])(r, p) }, "token is for gateway 999999999999", 1},
		{"huge token", ".jwt", fileContent(strings.Repeat("x", 1<<20)), "the stored token is left aside: not a token", 1},
		{"good token, open to all", ".jwt", func(r *testEnv, p string) { fileContent(testTokens()["new"])(r, p); r.must(os.Chmod(p, 0o666)) }, "", 0},
		{"folder for token", ".jwt", func(r *testEnv, p string) { r.must(os.MkdirAll(p, 0o700)) }, "token store: ", 1},
		{"empty bookkeeping", ".json", fileContent(""), "", 1},
		{"half bookkeeping", ".json", fileContent(`{"Last":{"At":"2000-`), "", 1},
		{"other bookkeeping", ".json", fileContent(`[1]`), "", 1},
		{"null bookkeeping", ".json", fileContent(`null`), "", 1},
		{"pipe", ".json", func(r *testEnv, p string) {
			r.must(os.MkdirAll(r.dir, 0o700))
			r.must(syscall.Mkfifo(p, 0o600))
		}, "", 1},
	} {
		t.Run(r.name, func(t *testing.T) {
			withEnv(t, func(t *testing.T, env *testEnv) {
				r.make(env, filepath.Join(env.dir, serial+r.file))
				src := env.newSource()
				if err := gateway(accepts).poll(t.Context(), src); err != nil {
					t.Errorf("poll: %v", err)
				}
				warnings := strings.Join(src.Status().Warnings, "\n")
				if env.logins() != r.logins || !strings.Contains(warnings, r.want) || r.want == "" && warnings != "" {
					t.Errorf("%d logins, warnings %q, want %d and %q", env.logins(), warnings, r.logins, r.want)
				}
				noSecret(t, env.sim, warnings)
				src.Close()
				if r.want != "token store: " {
					next := env.newSource()
					if err := gateway(accepts).poll(t.Context(), next); err != nil || env.logins() != r.logins || len(next.Status().Warnings) > 0 {
						t.Errorf("the next run: %v, %d logins, %q", err, env.logins(), next.Status().Warnings)
					}
					next.Close()
				}
				env.checkPrivate()
			})
		})
	}
}

func fileContent(text string) func(*testEnv, string) {
	return func(r *testEnv, path string) { r.write(filepath.Base(path), text) }
}

func (r *testEnv) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// checkPrivate checks that other users cannot read the files in the folder, and
// that no temporary files are left.
func (r *testEnv) checkPrivate() {
	r.t.Helper()
	r.must(filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if st, err := d.Info(); err != nil || st.Mode().Perm()&0o077 != 0 || strings.HasPrefix(d.Name(), ".") {
			r.t.Errorf("%s: %v, %v, want it private", path, st.Mode(), err)
		}
		return nil
	}))
}

// TestUnwritableStore checks that the first login waits a minute if it cannot be
// recorded, and that the records are kept in memory.
func TestUnwritableStore(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, store := range map[string]*enlighten.Store{"none": nil, "below a file": {Dir: filepath.Join(file, "state")}} {
		t.Run(name, func(t *testing.T) {
			withEnv(t, func(t *testing.T, r *testEnv) {
				r.sim.Set(enlightentest.WrongPassword)
				src := r.newSource()
				src.Store = store
				defer src.Close()
				_, err := src.Token(t.Context(), serial)
				if p, ok := errors.AsType[*enlighten.PausedError](err); !ok || time.Until(p.Until) != time.Minute || len(src.Status().Warnings) == 0 {
					t.Errorf("Token = %v, want a pause of a minute and a warning", err)
				}
				for range 25 * 60 {
					_ = gateway(accepts).poll(t.Context(), src)
					time.Sleep(time.Minute)
				}
				if logins := r.sim.Logins(); len(logins) != 4 || logins[3].Sub(logins[2]) < day {
					t.Errorf("logins at %v, want three and one a day later", logins)
				}
				r.sim.Set(enlightentest.OK)
				time.Sleep(day)
				if err := gateway(accepts).poll(t.Context(), src); err != nil || src.Status().State != enlighten.StateOK {
					t.Errorf("poll with a good password: %v, %+v", err, src.Status())
				}
			})
		})
	}
}

// TestStoreTurnsReadOnly checks that old files do not replace the newer records in
// memory when the folder becomes read-only.
func TestStoreTurnsReadOnly(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		r.sim.Set(enlightentest.LoginDown)
		src := r.newSource()
		_, _ = src.Token(t.Context(), serial)
		src.Close()
		r.shiftTimes(day)
		src = r.newSource()
		defer src.Close()
		_, _ = src.Token(t.Context(), serial)
		src.Store.Dir = filepath.Join(r.dir, serial+".json", "x")
		for range 24 * 60 {
			_ = gateway(accepts).poll(t.Context(), src)
			time.Sleep(time.Minute)
		}
		if n := r.logins(); n < 8 || n > 13 {
			t.Errorf("%d logins in a day of a cloud that is down, want about 12", n)
		}
	})
}

// TestStoreTurnsWritable checks that what could not be stored is stored when the folder
// can be written, so that the next start makes no login, and that the warnings end.
func TestStoreTurnsWritable(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		r.write("file", "")
		src := r.newSource()
		src.Store.Dir = filepath.Join(r.dir, "file", "state")
		warned := false
		src.Changed = func(s enlighten.Status) { warned = warned || len(s.Warnings) > 0 }
		stop := run(src)
		for range 3 * 60 {
			_ = gateway(accepts).poll(t.Context(), src)
			time.Sleep(time.Second)
		}
		if err := os.Remove(filepath.Join(r.dir, "file")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Minute)
		if st := src.Status(); st.State != enlighten.StateOK || len(st.Warnings) > 0 || !warned {
			t.Errorf("Status three minutes later = %+v, want a good one without warnings, after some (%v)", st, warned)
		}
		stop()
		src = r.newSource()
		src.Store.Dir = filepath.Join(r.dir, "file", "state")
		defer src.Close()
		if err := gateway(accepts).poll(t.Context(), src); err != nil || r.logins() != 1 {
			t.Errorf("the next start polls with %v and %d logins in all, want 1", err, r.logins())
		}
	})
}

// TestClockWasAhead checks that recorded times that are a day in the future do not
// extend a pause, although the program restarts again and again.
func TestClockWasAhead(t *testing.T) {
	for _, r := range []struct {
		answer enlightentest.Answer
		pause  time.Duration
		logins int // before the clock is set
	}{
		{enlightentest.WrongPassword, day, 3},
		{enlightentest.LoginDown, 8 * time.Minute, 4},
	} {
		t.Run(string(r.answer), func(t *testing.T) {
			withEnv(t, func(t *testing.T, env *testEnv) {
				env.sim.Set(r.answer)
				for range 8 {
					src := env.newSource()
					_ = gateway(accepts).poll(t.Context(), src)
					src.Close()
					time.Sleep(time.Minute)
				}
				if env.logins() != r.logins {
					t.Fatalf("%d logins, want %d", env.logins(), r.logins)
				}
				env.shiftTimes(day)
				start := time.Now()
				for env.logins() == r.logins && time.Since(start) < 3*day {
					src := env.newSource()
					_ = gateway(accepts).poll(t.Context(), src)
					src.Close()
					time.Sleep(2 * time.Minute)
				}
				if got := env.sim.Logins()[env.logins()-1].Sub(start); got < r.pause || got > r.pause+2*time.Minute {
					t.Errorf("next login %v after the clock was set, want %v", got, r.pause)
				}
			})
		})
	}
}

// TestClockBehindAtStart checks that a clock that is a day behind at each start, and
// is set shortly afterwards, causes no additional logins.
func TestClockBehindAtStart(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		r.sim.Set(enlightentest.WrongPassword)
		for range 4 {
			src := r.newSource()
			_ = gateway(accepts).poll(t.Context(), src)
			src.Close()
			time.Sleep(2 * time.Minute)
		}
		for range 50 {
			r.shiftTimes(day) // the clock is a day behind
			src := r.newSource()
			stop := run(src)
			for range 3 {
				_ = gateway(accepts).poll(t.Context(), src)
				time.Sleep(10 * time.Second)
			}
			stop()
			r.shiftTimes(-day) // it is set right
			src = r.newSource()
			_ = gateway(accepts).poll(t.Context(), src)
			src.Close()
			time.Sleep(10 * time.Minute)
		}
		if r.logins() != 3 {
			t.Errorf("%d logins over 50 starts, want 3", r.logins())
		}
	})
}

// TestStoreLink checks that the token file may be a symbolic link, and that the file
// it leads to keeps its mode.
func TestStoreLink(t *testing.T) {
	withEnv(t, func(t *testing.T, env *testEnv) {
		elsewhere := filepath.Join(env.dir, "elsewhere")
		fileContent(testTokens()["new"])(env, elsewhere)
		env.must(os.Chmod(elsewhere, 0o644))
		env.must(os.Symlink(elsewhere, filepath.Join(env.dir, serial+".jwt")))
		src := env.newSource()
		defer src.Close()
		if err := gateway(accepts).poll(t.Context(), src); err != nil || env.logins() != 0 {
			t.Errorf("poll: %v, %d logins", err, env.logins())
		}
		if info, err := os.Stat(elsewhere); err != nil || info.Mode().Perm() != 0o644 {
			t.Errorf("what the link leads to: %v, %v, want mode 0644", info.Mode(), err)
		}
	})
}
