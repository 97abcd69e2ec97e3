package state

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"regexp"
)

var clientIDPattern = regexp.MustCompile(`^envoy-mqtt-[0-9a-f]{8}$`)

// ClientID returns the MQTT client id that is stored in dir. The first call
// generates and stores it. If it cannot be stored, ClientID returns an error and
// a valid id, which will differ after a restart.
func ClientID(dir string) (string, error) {
	path := filepath.Join(dir, "client_id")
	if data, err := ReadFile(path, MaxFileSize); err == nil && clientIDPattern.Match(data) {
		return string(data), nil
	}
	random := make([]byte, 4)
	_, _ = rand.Read(random) // never fails
	id := "envoy-mqtt-" + hex.EncodeToString(random)
	if err := WriteFileAtomic(path, []byte(id)); err != nil {
		return id, fmt.Errorf("store the client id: %w", err)
	}
	return id, nil
}
