package enlighten

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// A Store is a folder that keeps tokens and what is known of logins. For each
// gateway it has the bare token, <serial>.jwt, beside its bookkeeping,
// <serial>.json; and for each account that was refused lately account-<mark>.json,
// which all its gateways share. The gateways of one process share one Store.
// A nil Store keeps nothing.
type Store struct {
	Dir string // made with mode 0700 when it is not there

	mu sync.Mutex // held while one account's refusals are read, judged and written
}

var errNoStore = errors.New("there is no folder to store tokens in")

// lock keeps the other gateways of the process from the refusals until unlock.
func (s *Store) lock() (unlock func()) {
	if s == nil {
		return func() {}
	}
	s.mu.Lock()
	return s.mu.Unlock
}

// token returns the token stored for serial, empty when there is none.
func (s *Store) token(serial string) (string, error) {
	b, err := s.read(serial + ".jwt")
	return string(b), err
}

func (s *Store) saveToken(serial, token string) error {
	return s.write(serial+".jwt", []byte(token+"\n"))
}

// load reads <name>.json into v, and leaves it alone when there is none. After an
// error v is of no use.
func (s *Store) load(name string, v any) error {
	b, err := s.read(name + ".json")
	if err != nil || b == nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%s is damaged", filepath.Join(s.Dir, name+".json"))
	}
	return nil
}

func (s *Store) save(name string, v any) error {
	b, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		return err
	}
	return s.write(name+".json", append(b, '\n'))
}

func (s *Store) remove(name string) error {
	if s == nil {
		return nil
	}
	if err := os.Remove(filepath.Join(s.Dir, name+".json")); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// read returns nil when there is no such file.
func (s *Store) read(name string) ([]byte, error) {
	if s == nil {
		return nil, nil
	}
	path := filepath.Join(s.Dir, name)
	st, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() { // a pipe would hold us for ever
		return nil, fmt.Errorf("%s is not a file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if link, err := os.Lstat(path); err == nil && os.SameFile(st, link) && st.Mode().Perm()&0o077 != 0 { // what a link leads to is not ours
		if now, err := f.Stat(); err == nil && os.SameFile(st, now) {
			_ = f.Chmod(0o600) // the next write sets it in any case
		}
	}
	return io.ReadAll(io.LimitReader(f, maxBody))
}

// write replaces a file at once or not at all, also when the power fails.
func (s *Store) write(name string, b []byte) error {
	if s == nil {
		return errNoStore
	}
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(s.Dir, "."+name+"-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(s.Dir, name))
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	if d, err := os.Open(s.Dir); err == nil {
		_ = d.Sync() // not every file system can; the file is in its place all the same
		d.Close()
	}
	return nil
}
