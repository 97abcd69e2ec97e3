package state

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestLimitStore(t *testing.T) {
	dir := t.TempDir()
	worker := NewWorker()
	defer worker.Close(0)
	s := NewLimitStore(dir, worker)
	type loaded struct {
		data []byte
		err  error
	}
	load := func(serial string) loaded {
		c := make(chan loaded)
		s.Load(serial, func(data []byte, err error) { c <- loaded{data, err} })
		return <-c
	}
	save := func(serial string, data []byte) error {
		c := make(chan error)
		s.Save(serial, data, func(err error) { c <- err })
		return <-c
	}
	if got := load("1"); got.data != nil || got.err != nil {
		t.Errorf("Load of nothing = %+v", got)
	}
	if err := save("1", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if got := load("1"); string(got.data) != "x" || got.err != nil {
		t.Errorf("Load = %+v", got)
	}
	if got := s.Serials(); !slices.Equal(got, []string{"1"}) {
		t.Errorf("Serials = %q", got)
	}
	for range 2 {
		if err := save("1", nil); err != nil || s.Serials() != nil {
			t.Errorf("removed: %v, %q", err, s.Serials())
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "2"+limitSuffix), 0o700); err != nil {
		t.Fatal(err)
	}
	if got := load("2"); got.err == nil {
		t.Error("a folder was read")
	}
	if err := save("2", []byte("x")); err == nil {
		t.Error("a folder was replaced")
	}
}
