package main

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// stateDir returns the folder for what must outlive the process: STATE_DIR, else systemd's STATE_DIRECTORY, else the
// user's state folder, else (without a HOME, as services have it) /var/lib/envoy-mqtt. It need not be there yet.
func stateDir(cfg config, environ []string) string {
	vars := map[string]string{}
	for _, v := range environ {
		name, value, _ := strings.Cut(v, "=")
		vars[name] = value
	}
	if cfg.General.StateDir != "" {
		return cfg.General.StateDir
	}
	if dir, _, _ := strings.Cut(vars["STATE_DIRECTORY"], ":"); dir != "" {
		return dir
	}
	if dir := vars["XDG_STATE_HOME"]; filepath.IsAbs(dir) { // its specification says to ignore others
		return filepath.Join(dir, "envoy-mqtt")
	}
	if home := vars["HOME"]; home != "" {
		return filepath.Join(home, ".local", "state", "envoy-mqtt")
	}
	return "/var/lib/envoy-mqtt"
}

var clientIDPattern = regexp.MustCompile(`^envoy-mqtt-[0-9a-f]{8}$`)

// clientID returns the MQTT client id that is kept in dir, and makes it the first time. It is good for use even with an
// error, which says that it could not be kept: the broker will then see another client after the next start.
func clientID(dir string) (string, error) {
	path := filepath.Join(dir, "client_id")
	if data, err := state.ReadFile(path, state.MaxFileSize); err == nil && clientIDPattern.Match(data) {
		return string(data), nil
	}
	random := make([]byte, 4)
	_, _ = rand.Read(random) // never fails
	id := "envoy-mqtt-" + hex.EncodeToString(random)
	if err := keep(path, id); err != nil {
		return id, fmt.Errorf("keep the client id: %w", err)
	}
	return id, nil
}

// keep writes text to path whole or not at all, for the owner's eyes only.
func keep(path, text string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+"-*") // with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already when all went well
	_, err = f.WriteString(text)
	if err = cmp.Or(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// closeState closes the tokens in dir to others. It returns warnings: of tokens
// that others could read, and of a folder that others can write to. What else is
// there is no secret, and may not be ours.
func closeState(dir string) (warnings []error) {
	files, err := os.ReadDir(dir)
	if err != nil || runtime.GOOS == "windows" {
		return nil // there is nothing yet, or nothing of ours
	}
	if err := exposedDir(dir); err != nil {
		warnings = append(warnings, err)
	}
	var open []string
	for _, f := range files {
		info, err := f.Info()
		if err != nil || filepath.Ext(f.Name()) != ".jwt" || !info.Mode().IsRegular() || info.Mode().Perm()&0o077 == 0 {
			continue
		}
		if err := closeFile(filepath.Join(dir, f.Name()), info); err != nil {
			warnings = append(warnings, fmt.Errorf("others can read a token: %w", err))
			continue
		}
		open = append(open, f.Name())
	}
	if open != nil {
		warnings = append(warnings, fmt.Errorf("%s: others could read %s; they cannot any more", dir, strings.Join(open, ", ")))
	}
	return warnings
}

// exposedDir returns an error when others can write to dir.
func exposedDir(dir string) error {
	info, err := os.Stat(dir)
	if err != nil || runtime.GOOS == "windows" || info.Mode().Perm()&0o022 == 0 {
		return nil //nolint:nilerr // whether it can be used is another question
	}
	return fmt.Errorf("%s: other users can write to it, and so replace tokens: chmod go-w it", dir)
}

// closeFile closes the file at path to others. It must be the file that info is
// about, and not one that a symbolic link has meanwhile led to.
func closeFile(path string, info fs.FileInfo) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if now, err := f.Stat(); err != nil || !os.SameFile(now, info) {
		return fmt.Errorf("%s was replaced", path)
	}
	return f.Chmod(info.Mode().Perm() & 0o700)
}
