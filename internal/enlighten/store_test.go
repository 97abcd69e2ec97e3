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

// Whatever lies in the folder, a token is handed out, a warning says what was
// found, and the next run finds a good file.
func TestDamagedStore(t *testing.T) {
	for _, r := range []struct {
		name, file string
		make       func(r *rig, path string)
		want       string // a part of the warning; empty = none
		logins     int
	}{
		{"nothing", "", func(*rig, string) {}, "", 1},
		{"empty token", ".jwt", content(""), "", 1},
		{"no token", ".jwt", content("hello"), "the stored token is left aside: not a token", 1},
		{"half a token", ".jwt", content(strings.Repeat("eyJhbGciOiJFUzI1NiJ9.", 2)), "the stored token is left aside: not a token", 1},
		{"other's token", ".jwt", func(r *rig, p string) { content(named()["other"])(r, p) }, "token is for gateway 999999999999", 1},
		{"huge token", ".jwt", content(strings.Repeat("x", 1<<20)), "the stored token is left aside: not a token", 1},
		{"good token, open to all", ".jwt", func(r *rig, p string) { content(named()["new"])(r, p); r.must(os.Chmod(p, 0o666)) }, "", 0},
		{"folder for token", ".jwt", func(r *rig, p string) { r.must(os.MkdirAll(p, 0o700)) }, "token store: ", 1},
		{"empty bookkeeping", ".json", content(""), "", 1},
		{"half bookkeeping", ".json", content(`{"Last":{"At":"2000-`), "", 1},
		{"other bookkeeping", ".json", content(`[1]`), "", 1},
		{"null bookkeeping", ".json", content(`null`), "", 1},
		{"pipe", ".json", func(r *rig, p string) {
			r.must(os.MkdirAll(r.dir, 0o700))
			r.must(syscall.Mkfifo(p, 0o600))
		}, "", 1},
	} {
		t.Run(r.name, func(t *testing.T) {
			inRig(t, func(t *testing.T, rig *rig) {
				r.make(rig, filepath.Join(rig.dir, serial+r.file))
				src := rig.source()
				if err := gateway(takes).poll(t.Context(), src); err != nil {
					t.Errorf("poll: %v", err)
				}
				warnings := strings.Join(src.Status().Warnings, "\n")
				if rig.logins() != r.logins || !strings.Contains(warnings, r.want) || r.want == "" && warnings != "" {
					t.Errorf("%d logins, warnings %q, want %d and %q", rig.logins(), warnings, r.logins, r.want)
				}
				noSecret(t, rig.sim, warnings)
				src.Close()
				if r.want != "token store: " {
					next := rig.source()
					if err := gateway(takes).poll(t.Context(), next); err != nil || rig.logins() != r.logins || len(next.Status().Warnings) > 0 {
						t.Errorf("the next run: %v, %d logins, %q", err, rig.logins(), next.Status().Warnings)
					}
					next.Close()
				}
				rig.private()
			})
		})
	}
}

func content(text string) func(*rig, string) {
	return func(r *rig, path string) { r.write(filepath.Base(path), text) }
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// private checks that nobody else can read the folder's files and that nothing but they is left.
func (r *rig) private() {
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

// Where nothing can be written the first login waits a minute, and what is known
// is kept in memory.
func TestUnwritableStore(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, store := range map[string]*enlighten.Store{"none": nil, "below a file": {Dir: filepath.Join(file, "state")}} {
		t.Run(name, func(t *testing.T) {
			inRig(t, func(t *testing.T, r *rig) {
				r.sim.Set(enlightentest.WrongPassword)
				src := r.source()
				src.Store = store
				defer src.Close()
				_, err := src.Token(t.Context(), serial)
				if p, ok := errors.AsType[*enlighten.PausedError](err); !ok || time.Until(p.Until) != time.Minute || len(src.Status().Warnings) == 0 {
					t.Errorf("Token = %v, want a pause of a minute and a warning", err)
				}
				for range 25 * 60 {
					_ = gateway(takes).poll(t.Context(), src)
					time.Sleep(time.Minute)
				}
				if logins := r.sim.Logins(); len(logins) != 4 || logins[3].Sub(logins[2]) < day {
					t.Errorf("logins at %v, want three and one a day later", logins)
				}
				r.sim.Set(enlightentest.OK)
				time.Sleep(day)
				if err := gateway(takes).poll(t.Context(), src); err != nil || src.Status().State != enlighten.StateOK {
					t.Errorf("poll with a good password: %v, %+v", err, src.Status())
				}
			})
		})
	}
}

// A folder that cannot be written any more, with times in it that lie ahead, must
// not bring its old knowledge back.
func TestStoreTurnsReadOnly(t *testing.T) {
	inRig(t, func(t *testing.T, r *rig) {
		r.sim.Set(enlightentest.LoginDown)
		src := r.source()
		_, _ = src.Token(t.Context(), serial)
		src.Close()
		r.shift(day)
		src = r.source()
		defer src.Close()
		_, _ = src.Token(t.Context(), serial)
		src.Store.Dir = filepath.Join(r.dir, serial+".json", "x")
		for range 24 * 60 {
			_ = gateway(takes).poll(t.Context(), src)
			time.Sleep(time.Minute)
		}
		if n := r.logins(); n < 8 || n > 13 {
			t.Errorf("%d logins in a day of a cloud that is down, want about 12", n)
		}
	})
}

// Stored times that lie a day ahead keep the program silent for no longer than the
// rule's own pause, although it restarts every ten minutes.
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
			inRig(t, func(t *testing.T, rig *rig) {
				rig.sim.Set(r.answer)
				for range 8 {
					src := rig.source()
					_ = gateway(takes).poll(t.Context(), src)
					src.Close()
					time.Sleep(time.Minute)
				}
				if rig.logins() != r.logins {
					t.Fatalf("%d logins, want %d", rig.logins(), r.logins)
				}
				rig.shift(day)
				start := time.Now()
				for rig.logins() == r.logins && time.Since(start) < 3*day {
					src := rig.source()
					_ = gateway(takes).poll(t.Context(), src)
					src.Close()
					time.Sleep(2 * time.Minute)
				}
				if got := rig.sim.Logins()[rig.logins()-1].Sub(start); got < r.pause || got > r.pause+2*time.Minute {
					t.Errorf("next login %v after the clock was set, want %v", got, r.pause)
				}
			})
		})
	}
}

// A machine without a clock of its own starts a day behind, again and again, and is
// set right a little later: no storm.
func TestClockBehindAtStart(t *testing.T) {
	inRig(t, func(t *testing.T, r *rig) {
		r.sim.Set(enlightentest.WrongPassword)
		for range 4 {
			src := r.source()
			_ = gateway(takes).poll(t.Context(), src)
			src.Close()
			time.Sleep(2 * time.Minute)
		}
		for range 50 {
			r.shift(day) // the clock is a day behind
			src := r.source()
			stop := run(src)
			for range 3 {
				_ = gateway(takes).poll(t.Context(), src)
				time.Sleep(10 * time.Second)
			}
			stop()
			r.shift(-day) // it is set right
			src = r.source()
			_ = gateway(takes).poll(t.Context(), src)
			src.Close()
			time.Sleep(10 * time.Minute)
		}
		if r.logins() != 3 {
			t.Errorf("%d logins over 50 starts, want 3", r.logins())
		}
	})
}

// TestStoreLink: a token may be a symbolic link, and what it leads to keeps its mode.
func TestStoreLink(t *testing.T) {
	inRig(t, func(t *testing.T, rig *rig) {
		elsewhere := filepath.Join(rig.dir, "elsewhere")
		content(named()["new"])(rig, elsewhere)
		rig.must(os.Chmod(elsewhere, 0o644))
		rig.must(os.Symlink(elsewhere, filepath.Join(rig.dir, serial+".jwt")))
		src := rig.source()
		defer src.Close()
		if err := gateway(takes).poll(t.Context(), src); err != nil || rig.logins() != 0 {
			t.Errorf("poll: %v, %d logins", err, rig.logins())
		}
		if info, err := os.Stat(elsewhere); err != nil || info.Mode().Perm() != 0o644 {
			t.Errorf("what the link leads to: %v, %v, want mode 0644", info.Mode(), err)
		}
	})
}
