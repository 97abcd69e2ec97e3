package hasstest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestCheckAccepts(t *testing.T) {
	for _, f := range Check(messages(t, example()), Options{Published: published, Expiry: expiry}) {
		t.Error(f)
	}
}

func TestCheckAcceptsOtherNames(t *testing.T) {
	rename := strings.NewReplacer(`"envoy/`, `"home/solar/`, "envoy_bridge", "home_solar_bridge")
	msgs := messages(t, example())
	for i, m := range msgs {
		msgs[i].Topic = strings.Replace(rename.Replace(m.Topic), "homeassistant/", "ha/main/", 1)
		msgs[i].Payload = []byte(rename.Replace(string(m.Payload)))
	}
	for _, f := range Check(msgs, Options{Prefix: "ha/main", Base: "home/solar"}) {
		t.Error(f)
	}
}

func TestCheckAcceptsAbbreviations(t *testing.T) {
	announcement := example()
	for _, name := range []string{"bridge", "gateway"} {
		document := announcement[name].(object)
		for _, c := range document["components"].(object) {
			shorten(c.(object), ha.Abbreviations.General)
		}
		for _, item := range availabilityItems(document) {
			shorten(item, ha.Abbreviations.General)
		}
		shorten(document["device"].(object), ha.Abbreviations.Device)
		shorten(document["origin"].(object), ha.Abbreviations.Origin)
		shorten(document, ha.Abbreviations.General)
	}
	msgs := messages(t, announcement)
	for _, short := range []string{`"dev":`, `"ids":`, `"o":`, `"url":`, `"avty":`, `"t":`, `"cmps":`, `"p":`, `"uniq_id":`, `"stat_t":`, `"val_tpl":`} {
		if !bytes.Contains(bytes.Join([][]byte{msgs[0].Payload, msgs[1].Payload}, nil), []byte(short)) {
			t.Errorf("nothing was shortened to %s", short)
		}
	}
	for _, f := range Check(msgs, Options{Published: published, Expiry: expiry}) {
		t.Error(f)
	}
}

func shorten(m object, abbreviations map[string]string) {
	for short, long := range abbreviations {
		if v, ok := m[long]; ok {
			m[short] = v
			delete(m, long)
		}
	}
}

func TestCheckFillsBaseTopic(t *testing.T) {
	announcement := example()
	set(t, announcement, "gateway/components/grid_power/~", "envoy/122233344455")
	set(t, announcement, "gateway/components/grid_power/state_topic", "~/grid/power")
	set(t, announcement, "gateway/components/grid_l1_power/~", "grid/l1/power")
	set(t, announcement, "gateway/components/grid_l1_power/state_topic", "envoy/122233344455/~")
	set(t, announcement, "gateway/components/reachable/~", "envoy/bridge/state")
	set(t, announcement, "gateway/components/reachable/availability", []any{object{"topic": "~"}})
	for _, f := range Check(messages(t, announcement), Options{Published: published, Expiry: expiry}) {
		t.Error(f)
	}
}

// The example is a device of 51 entities that a real Home Assistant accepted
// whole. Its topics and ids are not those of our house.
func TestCheckAcceptsWhatHomeAssistantDid(t *testing.T) {
	payload, err := os.ReadFile("../../../../shared/docs/ha-example-device.json")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the shared example of a discovery message is not here")
	}
	if err != nil {
		t.Fatal(err)
	}
	findings := Check([]Message{{Topic: gatewayTopic, Payload: payload, Retain: true, QoS: 1}}, Options{})
	for _, f := range findings {
		if f.Severity == MessageLost || f.Severity == ComponentLost {
			t.Error(f)
		}
	}
}

func TestCheckUpdate(t *testing.T) {
	for _, row := range updates {
		before := messages(t, example())
		announcement := example()
		for path, v := range row.edits {
			set(t, announcement, path, v)
		}
		findings := Check(slices.Concat(before, messages(t, announcement)), Options{})
		if got := kinds(findings); got != row.want {
			t.Errorf("update with %v: found %q, want %q\n%v", row.edits, got, row.want, findings)
		}
	}
}

// What is announced again unchanged is found fault with once.
func TestCheckAgain(t *testing.T) {
	announcement := example()
	set(t, announcement, power+"unit_of_measurement", "kWh")
	msgs := messages(t, announcement)
	once, twice := Check(msgs, Options{}), Check(slices.Concat(msgs, msgs), Options{})
	if len(once) != 1 || !slices.Equal(once, twice) {
		t.Errorf("announced once: %v, twice: %v; want the same finding", once, twice)
	}
}

// After a removal nothing has to be removed any more.
func TestCheckUpdateAfterRemoval(t *testing.T) {
	whole, removed, without := example(), example(), example()
	set(t, removed, "gateway/components/grid_power", object{"platform": "sensor"})
	set(t, without, "gateway/components/grid_power", gone{})
	msgs := slices.Concat(messages(t, whole), messages(t, removed), messages(t, without))
	msgs = append(msgs, Message{Topic: gatewayTopic, Retain: true, QoS: 1})
	for _, f := range Check(msgs, Options{}) {
		t.Error(f)
	}
}

// What has nothing to do with what it should be is found, and never a panic.
func TestCheckOddValues(t *testing.T) {
	odd := []any{nil, -1.5, "", true, []any{}, []any{nil, 1, "x"}, object{"topic": object{}}}
	announcement := example()
	few := object{}
	for _, key := range []string{"grid_power", "grid_status", "inverter_power", "reachable"} {
		few[key] = announcement["gateway"].(object)["components"].(object)[key]
	}
	set(t, announcement, "gateway/components", few)
	for _, path := range paths("gateway/", announcement["gateway"].(object)) {
		for _, v := range odd {
			announcement := example()
			set(t, announcement, path, v)
			for _, f := range Check(messages(t, announcement), Options{Published: published, Expiry: expiry}) {
				if f.Topic == "" || f.Rule == "" || f.Text == "" {
					t.Errorf("%s = %v: finding %+v has no topic, rule or text", path, v, f)
				}
			}
		}
	}
}

// paths returns the path of each value in object o, whose path is prefix.
func paths(prefix string, o object) []string {
	var all []string
	for _, key := range slices.Sorted(maps.Keys(o)) {
		all = append(all, prefix+key)
		switch v := o[key].(type) {
		case object:
			all = append(all, paths(prefix+key+"/", v)...)
		case []any:
			for i, item := range v {
				if item, ok := item.(object); ok {
					all = append(all, paths(fmt.Sprintf("%s%s/%d/", prefix, key, i), item)...)
				}
			}
		}
	}
	return all
}

func TestFindingTellsNoSecret(t *testing.T) {
	const secret = "swordfish"
	announcement := example()
	set(t, announcement, "gateway/device/hw_version", secret)
	findings := Check(messages(t, announcement), Options{Secrets: []string{"", secret}})
	if got := kinds(findings); got != "own:secrets" {
		t.Errorf("found %q, want own:secrets", got)
	}
	for _, f := range findings {
		if strings.Contains(f.String(), secret) {
			t.Error("the finding tells the secret")
		}
	}
}

func TestFindingString(t *testing.T) {
	f := Finding{ComponentLost, ruleUnit, "ha/device/x/config", "grid_power", "no such unit"}
	if got, want := f.String(), "component:unit ha/device/x/config grid_power: no such unit"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
}
