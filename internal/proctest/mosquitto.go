package proctest

import (
	"net"
	"os/exec"
	"path/filepath"
	"testing"
)

// FreePort returns a port of this machine that was free a moment ago.
func FreePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// AwaitPort waits until somebody listens at a port of this machine.
func AwaitPort(t *testing.T, port string) {
	t.Helper()
	Await(t, "a listener at port "+port, func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

// Mosquitto starts a broker that lets everybody in and keeps nothing, and
// returns its port.
func Mosquitto(t *testing.T) string {
	t.Helper()
	port := FreePort(t)
	config := WriteFile(t, filepath.Join(t.TempDir(), "mosquitto.conf"),
		"listener "+port+" 127.0.0.1\nallow_anonymous true\nuser root\npersistence false\nlog_type error\n")
	Start(t, exec.Command("mosquitto", "-c", config))
	AwaitPort(t, port)
	return port
}
