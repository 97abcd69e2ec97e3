package config

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestINI(t *testing.T) {
	const text = "\ufeff# comment\r\n; comment\r\n\r\n  [Mqtt]  \r\n" +
		"password=abc#123;x\r\n" +
		"topic =\ta\\\r\n" +
		"username = `tick` %(key)s \r\n" +
		"client_id = \"  quoted '\"  \r\n" +
		"url = 'unmatched\"\r\n" +
		"ca_file =\r\n" +
		"[envoy \"192.168.1.9\"]\nhost = \"\"\n[Envoy_Shed]"
	p := ini{file: "config.ini"}
	got, err := p.Unmarshal([]byte(text))
	want := map[string]any{
		"MQTT": map[string]any{
			"PASSWORD": "abc#123;x", "TOPIC": `a\`, "USERNAME": "`tick` %(key)s", "CLIENT_ID": "  quoted '", "URL": `'unmatched"`, "CA_FILE": "",
		},
		"ENVOY_192.168.1.9": map[string]any{"HOST": ""},
		"ENVOY_SHED":        map[string]any{},
	}
	if err != nil || p.mistakes != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Unmarshal = %q, %v (%v), want %q", got, err, p.mistakes, want)
	}
	if line := p.lines["ENVOY_192.168.1.9"+delimiter+"HOST"]; line != 12 {
		t.Errorf("HOST is on line %d, want 12", line)
	}
}

// FuzzINI checks that the parsed values, written again, parse to the same, and that
// each has a line number.
func FuzzINI(f *testing.F) {
	f.Add([]byte("[ENVOY]\nHOST = envoy.local\nPASSWORD = \"a#b\"\n"))
	f.Add([]byte("\ufeff[envoy \"garage\"]\r\nHOST='x'\r\n[MQTT\n=\nA=\n[]\n[\"]\nkey"))
	f.Add([]byte("[A]\nB=1\nB=2\n[A]\nC=3\n\x1f\xff\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p := ini{file: "fuzz.ini"}
		first, _ := p.Unmarshal(data)
		lines := strings.Count(string(data), "\n") + 1
		for path, line := range p.lines {
			if line < 1 || line > lines {
				t.Errorf("%q is on line %d of %d", path, line, lines)
			}
		}
		for _, e := range p.mistakes {
			if e.line < 1 || e.line > lines {
				t.Errorf("%v: line %d of %d", e, e.line, lines)
			}
		}

		var b strings.Builder
		for section, keys := range first {
			fmt.Fprintf(&b, "[%s]\n", section)
			for key, value := range keys.(map[string]any) {
				fmt.Fprintf(&b, "%s = \"%s\"\n", key, value)
				if p.lines[section+delimiter+key] == 0 {
					t.Errorf("[%s] %s has no line", section, key)
				}
			}
		}
		again := ini{file: "again.ini"}
		second, _ := again.Unmarshal([]byte(b.String()))
		if again.mistakes != nil || !reflect.DeepEqual(first, second) {
			t.Errorf("read again: %q (%v), want %q", second, again.mistakes, first)
		}
	})
}

func TestValuesThatLookCommented(t *testing.T) {
	for line, want := range map[string]bool{
		"A = b # c": true, "A = b\t;c": true, "A = b#c": false, "A = b;c": false, `A = "b # c"`: false, "A = 'b # c'": false, `A = "b" # c`: true, "A = # c": true, "A = #c": false, "A =": false,
	} {
		p := ini{file: "config.ini"}
		_, _ = p.Unmarshal([]byte("[S]\n" + line))
		if got := p.hashes["S"+delimiter+"A"]; got != want {
			t.Errorf("%q looks commented: %v, want %v", line, got, want)
		}
	}
}
