package config

import "testing"

// FuzzINIBuilder checks that the parser reads every value that Set has written.
func FuzzINIBuilder(f *testing.F) {
	for _, value := range []string{"abc", `"`, `""`, `'a'`, `a#b;c`, ` x`, `x\`, "=", "\ttab", `"a' "`} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if !IsPlainText(value) || value == "" {
			t.Skip()
		}
		var b INIBuilder
		b.Set("MQTT", "PASSWORD", value)
		parser := new(ini)
		sections, _ := parser.Unmarshal([]byte(b.Text())) // never an error: see mistakes
		got := sections["MQTT"].(map[string]any)["PASSWORD"]
		if got != value || len(parser.mistakes) > 0 {
			t.Errorf("%q is read as %q, %v", value, got, parser.mistakes)
		}
	})
}
