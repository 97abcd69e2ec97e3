package config

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

func TestSecretStaysHidden(t *testing.T) {
	const word = "hunter2"
	cfg := Config{MQTT: MQTT{Password: word}, Gateways: []Gateway{{Token: word, Password: word}}}
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t"} {
		fmt.Fprintf(&b, verb+" "+verb+"\n", cfg, cfg.MQTT.Password)
	}
	if err := json.NewEncoder(&b).Encode(cfg); err != nil {
		t.Fatal(err)
	}
	if err := xml.NewEncoder(&b).Encode(cfg.MQTT.Password); err != nil { // by MarshalText
		t.Fatal(err)
	}
	log := zerolog.New(&b)
	log.Log().Any("config", cfg).Stringer("s", cfg.MQTT.Password).Interface("i", cfg.MQTT.Password).Send()
	got := b.String()
	if strings.Contains(got, word) || strings.Contains(got, fmt.Sprintf("%x", word)) {
		t.Errorf("the secret shows in\n%s", got)
	}
	if n := strings.Count(got, "hidden"); n < 30 {
		t.Errorf("%d times hidden, want that each output shows that there is something:\n%s", n, got)
	}
	if cfg.MQTT.Password.Reveal() != word {
		t.Errorf("Reveal = %q, want %q", cfg.MQTT.Password.Reveal(), word)
	}
}
