package enlighten_test

import (
	"regexp"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
)

// TestRecordFormat checks the records on disk, which other versions of the program
// read too.
func TestRecordFormat(t *testing.T) {
	withEnv(t, func(t *testing.T, env *testEnv) {
		src := env.newSource()
		if err := gateway(accepts).poll(t.Context(), src); err != nil {
			t.Fatal(err)
		}
		token, _ := src.Token(t.Context(), serial)
		src.Reject(token)
		env.sim.Set(enlightentest.WrongPassword)
		_, _ = src.Token(t.Context(), serial)
		src.Close()
		hash := regexp.MustCompile(`[0-9a-f]{32}`)
		got := hash.ReplaceAllString(env.read(serial+".json"), "HASH") + env.read("account-5775.json")
		want := `{
	"Last": {
		"At": "2000-01-01T00:00:00Z"
	},
	"Row": 1,
	"Got": false,
	"Worked": false,
	"AtOnce": [
		"2000-01-01T00:00:00Z"
	],
	"Account": "fa10",
	"Why": "log in to Enphase: user name or password of the Enphase account rejected",
	"Refused": {
		"HASH": "2000-01-01T00:00:00Z"
	}
}
{
	"Row": 1,
	"Last": {
		"At": "2000-01-01T00:00:00Z"
	},
	"Why": "password"
}
`
		if got != want {
			t.Errorf("records:\n%s\nwant\n%s", got, want)
		}
	})
}
