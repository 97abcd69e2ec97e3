package config

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// defaultStateDir returns the folder for files without STATE_DIR: systemd's
// STATE_DIRECTORY, else the user's state folder, else (without HOME, as in services)
// /var/lib/envoy-mqtt.
func defaultStateDir(environ []string) string {
	if dir, _, _ := strings.Cut(Getenv(environ, "STATE_DIRECTORY"), ":"); dir != "" {
		return dir
	}
	if dir := Getenv(environ, "XDG_STATE_HOME"); filepath.IsAbs(dir) { // its specification requires to ignore others
		return filepath.Join(dir, "envoy-mqtt")
	}
	if home := Getenv(environ, "HOME"); home != "" {
		return filepath.Join(home, ".local", "state", "envoy-mqtt")
	}
	return "/var/lib/envoy-mqtt"
}

// OwnDir returns the folder for files that no other process of a fleet uses: the
// state folder, or shard-2 in it for the second shard.
func (c Config) OwnDir() string {
	if !c.General.Shard.IsSet() {
		return c.General.StateDir
	}
	return filepath.Join(c.General.StateDir, "shard-"+strconv.Itoa(c.General.Shard.Number))
}

// Getenv returns the last value of the variable name in environ, or "".
func Getenv(environ []string, name string) string {
	for _, entry := range slices.Backward(environ) {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

// machineName returns the name of this machine, "" if it is not known.
func machineName(environ []string) string {
	if name := Getenv(environ, "HOSTNAME"); name != "" { // set in containers
		return name
	}
	name, _ := os.Hostname()
	return name
}
