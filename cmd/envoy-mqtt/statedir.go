package main

import (
	"path/filepath"
	"strings"
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
