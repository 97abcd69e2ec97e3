// Package proctest runs what tests need as processes: the program, built as it
// is released, and neighbours that are not simulated. What is started ends with
// its test at the latest, and what it wrote is shown if the test has failed.
package proctest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

var binaries string // the folder of what Main has built

// Main builds packages as they are released and runs the tests. It is called by
// TestMain and returns the exit code.
func Main(m *testing.M, packages ...string) int {
	dir, err := os.MkdirTemp("", "envoy-mqtt-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binaries = dir
	build := exec.Command("go", append([]string{"build", "-trimpath", "-ldflags", "-s -w", "-o", dir + string(filepath.Separator)}, packages...)...)
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // runs in a container without any library
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v: %s\n", err, out)
		return 1
	}
	return m.Run()
}

// Binary is the path of a program that Main has built.
func Binary(name string) string { return filepath.Join(binaries, name) }

// Configure writes a config.ini and returns its path. The text begins within
// [GENERAL], after a STATE_DIR beside the file. The log is JSON.
func Configure(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	return WriteFile(t, filepath.Join(dir, "config.ini"), "[GENERAL]\nLOG_FORMAT = json\nSTATE_DIR = "+filepath.Join(dir, "state")+"\n"+text)
}

// WriteFile writes a file that only its owner can read, and returns its path.
func WriteFile(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// ReadFile returns what is in a file.
func ReadFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// Command runs the bridge with the config.ini at this path and none of the
// test's own environment.
func Command(config string, environ ...string) *exec.Cmd {
	cmd := exec.Command(Binary("envoy-mqtt"), "run", "--config", config)
	cmd.Env = append([]string{"HOME=" + filepath.Dir(config), "PATH=" + os.Getenv("PATH")}, environ...)
	return cmd
}

// Await waits for f, for a minute at the most.
func Await(t *testing.T, what string, f func() bool) {
	t.Helper()
	AwaitWithin(t, time.Minute, what, f)
}

// AwaitWithin is Await for what is promised sooner.
func AwaitWithin(t *testing.T, limit time.Duration, what string, f func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(limit); !f(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %v", what, limit)
		}
	}
}
