package enlighten_test

import (
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

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

// TestInterruptedLogin checks that the pause after a login that a stop has cancelled is
// explained in words for the user.
func TestInterruptedLogin(t *testing.T) {
	withEnv(t, func(t *testing.T, env *testEnv) {
		env.sim.Set(enlightentest.LoginHang)
		src := env.newSource()
		go func() { _, _ = src.Token(t.Context(), serial) }()
		synctest.Wait()
		src.Close()
		src = env.newSource()
		defer src.Close()
		_, err := src.Token(t.Context(), serial)
		const want = "the program was stopped or read its configuration again before the cloud had answered; next login not before "
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("Token after the next start = %v, want %q", err, want)
		}
	})
}
