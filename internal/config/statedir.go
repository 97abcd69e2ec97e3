package config

import (
	"path/filepath"
	"strconv"
	"strings"
)

// StateDir returns the folder for files that must survive a restart: STATE_DIR,
// else systemd's STATE_DIRECTORY, else the user's state folder, else (without
// HOME, as in services) /var/lib/envoy-mqtt. The folder need not exist.
func (c Config) StateDir(environ []string) string {
	if c.General.StateDir != "" {
		return c.General.StateDir
	}
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
func (c Config) OwnDir(environ []string) string {
	dir := c.StateDir(environ)
	if c.General.Shard.IsSet() {
		dir = filepath.Join(dir, "shard-"+strconv.Itoa(c.General.Shard.Number))
	}
	return dir
}
