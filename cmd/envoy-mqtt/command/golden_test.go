package command

import (
	"flag"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with a file, or writes that with -update.
func golden(t *testing.T, path, got string) {
	t.Helper()
	proctest.Golden(t, path, got, *update)
}
