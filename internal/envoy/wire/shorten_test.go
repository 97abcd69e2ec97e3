package wire

import (
	"fmt"
	"strings"
	"testing"
)

// repeated returns n entries, in which %[1]d is the number of the entry.
func repeated(format string, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func TestShorten(t *testing.T) {
	long := repeated("%[1]d", MaxDevices+1)
	for _, tt := range []struct{ name, body, want string }{
		{"short", `{"a":[1,2]}`, `{"a":[1,2]}`},
		{"as many as may be", "[" + repeated("%[1]d", MaxDevices) + "]", "[" + repeated("%[1]d", MaxDevices) + "]"},
		{"one more", "[" + long + "]", "[" + repeated("%[1]d", MaxDevices) + "]"},
		{"inside, and what follows", `{"a":[` + long + `],"b":2}`, `{"a":[` + repeated("%[1]d", MaxDevices) + `],"b":2}`},
		{"an object", "{" + repeated(`"%[1]d":{"a":1}`, MaxDevices+7) + "}", "{" + repeated(`"%[1]d":{"a":1}`, MaxDevices) + "}"},
		{"lists in what is left out", "[" + long + `,[1,[2,"]"]],{"x":"}"}]`, "[" + repeated("%[1]d", MaxDevices) + "]"},
		{"commas and quotes in a text", `["` + strings.Repeat(`\",[`, MaxDevices) + `"]`, `["` + strings.Repeat(`\",[`, MaxDevices) + `"]`},
		{"not closed", "[" + long, "[" + long},
		{"closed too often", "[" + long + "]]", "[" + long + "]]"},
		{"no JSON", strings.Repeat(",", MaxDevices+1), strings.Repeat(",", MaxDevices+1)},
		{"a text without end", "[" + long + `,"\`, "[" + long + `,"\`},
		{"nothing", "", ""},
	} {
		got, shortened := Shorten([]byte(tt.body))
		if string(got) != tt.want || shortened != (tt.body != tt.want) {
			t.Errorf("%s: %d bytes %.60s, %t, want %d bytes", tt.name, len(got), got, shortened, len(tt.want))
		}
	}
	// Many lists that are short each.
	got, shortened := Shorten([]byte("[" + repeated("["+repeated("%[1]d", 100)+"]", 1000) + "]"))
	if n := strings.Count(string(got), ","); !shortened || n > maxValues {
		t.Errorf("%d entries are left of 100,000 in lists of 100, want %d at most", n, maxValues)
	}
}
