package enlighten

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// A Store keeps tokens and records of logins as files in a folder. For each
// gateway these are the token, <serial>.jwt, and its record, <serial>.json; for
// each account with recently rejected logins, account-<hash>.json, which all of
// its gateways share. The gateways of one process must share one Store. A nil
// Store keeps nothing.
type Store struct {
	Dir      string // created with mode 0700 if missing
	IsShared bool   // other processes use the folder, too
	// Accounts keeps the records of accounts in place of this store; nil = this one
	// does.
	Accounts *Store

	mu sync.Mutex // held while the record of an account is read, checked and written
}

var errNoStore = errors.New("there is no folder to store tokens in")

// accounts returns the store with the records of accounts.
func (s *Store) accounts() *Store {
	if s == nil || s.Accounts == nil {
		return s
	}
	return s.Accounts
}

// lock excludes the other gateways of the process, and of processes that share the
// folder, from the records of accounts until unlock is called.
func (s *Store) lock() (unlock func()) {
	if s == nil {
		return func() {}
	}
	s.mu.Lock()
	if !s.IsShared {
		return s.mu.Unlock
	}
	unlockFile, err := state.LockFile(filepath.Join(s.Dir, "accounts.lock"))
	if err != nil { // a record that is read a moment too early is better than no login
		return s.mu.Unlock
	}
	return func() {
		unlockFile()
		s.mu.Unlock()
	}
}

// token returns the token stored for serial, empty if there is none.
func (s *Store) token(serial string) (string, error) {
	data, err := s.read(serial + ".jwt")
	return string(data), err
}

// A fileVersion changes when a file is written. It is zero for a missing file.
type fileVersion struct {
	modified time.Time
	size     int64
}

func (s *Store) tokenVersion(serial string) fileVersion {
	if s == nil {
		return fileVersion{}
	}
	info, err := os.Stat(filepath.Join(s.Dir, serial+".jwt"))
	if err != nil {
		return fileVersion{}
	}
	return fileVersion{info.ModTime(), info.Size()}
}

func (s *Store) saveToken(serial, token string) error {
	return s.write(serial+".jwt", []byte(token+"\n"))
}

// load decodes <name>.json into v. If there is no such file, v is unchanged; after
// an error, v is undefined.
func (s *Store) load(name string, v any) error {
	data, err := s.read(name + ".json")
	if err != nil || data == nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%s is damaged", filepath.Join(s.Dir, name+".json"))
	}
	return nil
}

func (s *Store) save(name string, v any) error {
	data, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		return err
	}
	return s.write(name+".json", append(data, '\n'))
}

// remove deletes <name>.json if it exists.
func (s *Store) remove(name string) error {
	if s == nil {
		return nil
	}
	if err := os.Remove(filepath.Join(s.Dir, name+".json")); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// read returns nil if there is no such file.
func (s *Store) read(name string) ([]byte, error) {
	if s == nil {
		return nil, nil
	}
	path := filepath.Join(s.Dir, name)
	makePrivate(path)
	data, err := state.ReadFile(path, state.MaxFileSize)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

func (s *Store) write(name string, data []byte) error {
	if s == nil {
		return errNoStore
	}
	return state.WriteFileAtomic(filepath.Join(s.Dir, name), data)
}

// makePrivate removes the permissions of other users from a regular file. It does
// not change a file that a symbolic link leads to, and ignores errors, because the
// next write sets the mode in any case.
func makePrivate(path string) {
	info, err := os.Lstat(path)
	if err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
		_ = state.RestrictFile(path, info)
	}
}
