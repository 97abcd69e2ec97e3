package state

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"regexp"
)

var (
	clientIDPattern = regexp.MustCompile(`^envoy-mqtt-[0-9a-f]{8}$`)
	bridgeIDPattern = regexp.MustCompile(`^[A-Za-z0-9_-]+_bridge$`)
)

// ClientID returns the MQTT client id that is stored in dir. The first call
// generates and stores it. If it cannot be stored, ClientID returns an error and
// a valid id, which will differ after a restart.
func ClientID(dir string) (string, error) {
	id, err := storedID(filepath.Join(dir, "client_id"), clientIDPattern, func() string {
		random := make([]byte, 4)
		_, _ = rand.Read(random) // never fails
		return "envoy-mqtt-" + hex.EncodeToString(random)
	})
	if err != nil {
		err = fmt.Errorf("store the client id: %w", err)
	}
	return id, err
}

// BridgeID returns the identifier of the bridge in Home Assistant, which is stored
// at the first start so that the bridge's entities stay the same if TOPIC changes.
// newID returns the identifier for a TOPIC. If the identifier cannot be stored,
// BridgeID returns it with an error.
func (p *PublishedStore) BridgeID(topic string, newID func(topic string) string) (string, error) {
	id, err := storedID(filepath.Join(filepath.Dir(p.path), "bridge_id"), bridgeIDPattern, func() string {
		return newID(p.previousTopic(topic))
	})
	if err != nil {
		err = fmt.Errorf("store the bridge's id: %w", err)
	}
	return id, err
}

// storedID returns the identifier in the file at path. If it does not match pattern,
// storedID stores a new one, and returns it with the error.
func storedID(path string, pattern *regexp.Regexp, newID func() string) (string, error) {
	if data, err := ReadFile(path, MaxFileSize); err == nil && pattern.Match(data) {
		return string(data), nil
	}
	id := newID()
	return id, WriteFileAtomic(path, []byte(id))
}
