package main

import (
	"os"
	"path/filepath"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

const demoFolder = "envoy-mqtt-demo-" // begins the name of a demo's temporary folder

// newDemoFolder returns a temporary folder, which it locks, and a function that
// removes it. It removes the folders of demos that were killed.
func newDemoFolder() (path string, remove func(), err error) {
	removeDemoFolders(time.Now().Add(-time.Minute))
	path, err = os.MkdirTemp("", demoFolder)
	if err != nil {
		return "", nil, err
	}
	lock, err := state.Lock(path)
	if err != nil {
		os.RemoveAll(path)
		return "", nil, err
	}
	return path, func() {
		if lock != nil {
			lock.Close()
		}
		os.RemoveAll(path)
	}, nil
}

// removeDemoFolders removes the folders of demos that have ended, except those
// that changed after the given time: their demo may not have locked them yet.
func removeDemoFolders(before time.Time) {
	paths, _ := filepath.Glob(filepath.Join(os.TempDir(), demoFolder+"*"))
	for _, path := range paths {
		info, err := os.Lstat(path)
		if err != nil || !info.IsDir() || info.ModTime().After(before) {
			continue
		}
		if lock, err := state.Lock(path); err == nil && lock != nil {
			lock.Close()
			os.RemoveAll(path)
		}
	}
}
