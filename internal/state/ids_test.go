package state

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

func TestClientID(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "there", "yet")
	first, err := ClientID(dir)
	if err != nil || !clientIDPattern.MatchString(first) {
		t.Fatalf("ClientID = %q, %v", first, err)
	}
	if again, err := ClientID(dir); again != first || err != nil {
		t.Errorf("ClientID again = %q, %v, want %q", again, err, first)
	}
	path := filepath.Join(dir, "client_id")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%s has mode %v (%v), want 0600", path, info.Mode(), err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%s has mode %v (%v), want 0700", dir, info.Mode(), err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("%s holds %v, want client_id alone", dir, files)
	}

	if err := os.WriteFile(path, []byte("envoy-mqtt-\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	renewed, err := ClientID(dir)
	if kept, _ := os.ReadFile(path); err != nil || !clientIDPattern.MatchString(renewed) || string(kept) != renewed {
		t.Errorf("ClientID of a damaged file = %q, %v, and %q kept", renewed, err, kept)
	}
}

// TestClientIDNotStored checks that each call returns another id and an error.
func TestClientIDNotStored(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file") // not a folder
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	one, err := ClientID(file)
	other, _ := ClientID(file)
	if err == nil || !clientIDPattern.MatchString(one) || one == other {
		t.Errorf("ClientID = %q, then %q, %v; want two ids and an error", one, other, err)
	}
}

// TestBridgeID checks that the bridge's identifier in Home Assistant is that of the
// first TOPIC. Installations of versions that stored none keep the one they had.
func TestBridgeID(t *testing.T) {
	for _, tt := range []struct {
		name, published string // published.json
		kept            string // bridge_id
		topic, want     string
	}{
		{"new", "", "", "envoy", "envoy_bridge"},
		{"new, with a topic of its own", "", "", "home/Solar", "home_Solar_bridge"},
		{"another topic", "", "envoy_bridge", "solar", "envoy_bridge"},
		{"present installation", `[{"broker":"a:1883","topic":"envoy","prefix":"homeassistant"}]`, "", "envoy", "envoy_bridge"},
		{"present installation, which had another topic before", `[{"broker":"a:1883","topic":"envoy"},{"broker":"a:1883","topic":"solar"}]`, "", "solar", "solar_bridge"},
		{"topic changed with the upgrade", `[{"broker":"a:1883","topic":"envoy"}]`, "", "solar", "envoy_bridge"},
		{"topic and broker changed with the upgrade", `[{"broker":"b:1883","topic":"envoy"}]`, "", "solar", "envoy_bridge"},
		{"damaged", "", "no/id", "solar", "solar_bridge"},
		{"empty", "", "", "solar", "solar_bridge"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range map[string]string{"published.json": tt.published, "bridge_id": tt.kept} {
				if text != "" {
					if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			for _, topic := range []string{tt.topic, "later"} {
				p := NewPublishedStore(dir, "a:1883")
				if got, err := p.BridgeID(topic, defaultID); got != tt.want || err != nil {
					t.Errorf("BridgeID(%q) = %q, %v, want %q", topic, got, err, tt.want)
				}
				if err := p.Add(PublishedTopics{Topic: topic, Prefix: "homeassistant"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func defaultID(topic string) string { return schema.Topics{Base: topic}.BridgeID() }

// TestBridgeIDNotStored checks that the identifier follows TOPIC if it cannot be
// stored.
func TestBridgeIDNotStored(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := NewPublishedStore(file, "a:1883").BridgeID("solar", defaultID); got != "solar_bridge" || err == nil {
		t.Errorf("BridgeID = %q, %v, want solar_bridge and an error", got, err)
	}
}
