package hasstest

import (
	"strings"
	"testing"
)

func TestDecode(t *testing.T) {
	rows := []struct{ payload, want string }{
		{`{"a":{"b":[1,{"c":null}],"d":true}}`, ""},
		{`{"a":1,"b":{"a":2}}`, ""},
		{`{"a":1,"a":1}`, "twice"},
		{`{"a":[{"b":1,"b":2}]}`, "twice"},
		{"{\"a\":1,\"\\u0061\":2}", "twice"},
		{"{\"a\":\"\xff\"}", "UTF-8"},
		{`{"a":NaN}`, "not JSON"},
		{`{"a":1`, "not JSON"},
		{`{"a":1} {}`, "not JSON"},
		{``, "not JSON"},
		{`null`, "not an object"},
		{`[{"a":1}]`, "not an object"},
	}
	for _, row := range rows {
		m, err := decode([]byte(row.payload))
		got := ""
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, row.want) || (got == "") != (row.want == "") || (m == nil) != (err != nil) {
			t.Errorf("decode(%q) = %v, %v; want error %q", row.payload, m, err, row.want)
		}
	}
}
