package consumers

import "testing"

func TestFill(t *testing.T) {
	values := map[string]string{"host": "broker.lan", "empty": ""}
	conditions := map[string]bool{"yes": true, "no": false}
	for _, tt := range []struct{ template, want, err string }{
		{"a = ${host}:${host}\n", "a = broker.lan:broker.lan\n", ""},
		{"path = $.grid.power\n\nb = ${empty}\n", "path = $.grid.power\n\nb = \n", ""},
		{"${if yes}\na\n${else}\nb\n${end}\nc\n", "a\nc\n", ""},
		{"${if no}\na\n${else}\nb\n${end}\nc\n", "b\nc\n", ""},
		{"${if no}\na\n${end}\n${if yes}\nb\n${end}\n", "b\n", ""},
		{"a = ${hots}\n", "a = \n", `no value "hots"`},
		{"${if maybe}\na\n${end}\n", "", "no condition in ${if maybe}"},
	} {
		got, err := fill(tt.template, values, conditions)
		message := ""
		if err != nil {
			message = err.Error()
		}
		if got != tt.want || message != tt.err {
			t.Errorf("fill(%q) = %q, %q, want %q, %q", tt.template, got, message, tt.want, tt.err)
		}
	}
}
