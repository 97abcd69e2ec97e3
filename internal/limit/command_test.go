package limit

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestParseCommand(t *testing.T) {
	const lease = defaultLease
	for _, tt := range []struct {
		payload string
		want    Command
		err     string // part of it
	}{
		{payload: `{"export": 0}`, want: Command{Setting: Setting{Active: true, Export: true}, For: lease}},
		{payload: `{"export": 1500, "for": "15m"}`, want: Command{Setting: Setting{Active: true, Export: true, Watts: 1500}, For: lease}},
		{payload: `{"for": "2h", "production": 2000.5}`, want: Command{Setting: Setting{Active: true, Watts: 2000.5}, For: 2 * time.Hour}},
		{payload: `{"export": 0, "for": "forever"}`, want: Command{Setting: Setting{Active: true, Export: true}, Forever: true}},
		{payload: ` 1500 `, want: Command{Setting: Setting{Active: true, Export: true, Watts: 1500}, For: lease}},
		{payload: `1e3`, want: Command{Setting: Setting{Active: true, Export: true, Watts: 1000}, For: lease}},
		{payload: `-0`, want: Command{Setting: Setting{Active: true, Export: true}, For: lease}},
		{payload: `{"off": true}`, want: Command{End: true}},
		{payload: `{"applies_to": "off"}`, want: Command{End: true}},
		{payload: `{"applies_to": "production"}`, want: Command{Setting: Setting{Active: true}, KeepWatts: true, For: lease}},
		{payload: `{"applies_to": "export", "for": "1h"}`, want: Command{Setting: Setting{Active: true, Export: true}, KeepWatts: true, For: time.Hour}},
		{payload: `{"power": 800}`, want: Command{Setting: Setting{Active: true, Export: true, Watts: 800}, KeepTarget: true, For: lease}},
		{payload: `{"production_off": true, "for": "30m"}`, want: Command{Lever: Switch, Setting: Setting{Off: true}, For: 30 * time.Minute}},
		{payload: `{"production_off": false}`, want: Command{Lever: Switch, End: true}},

		{payload: ``, err: "no JSON object"},
		{payload: `off`, err: `"export" must be a number`},
		{payload: `{`, err: "no JSON object"},
		{payload: `{"export": }`, err: "no JSON object"},
		{payload: `{"export": 0} {"export": 5000}`, err: "more than one"},
		{payload: `{"export": 0, "export": 5000}`, err: "is repeated"},
		{payload: `{"export": 0, "production": 0}`, err: "exactly one"},
		{payload: `{}`, err: "exactly one"},
		{payload: `{"for": "15m"}`, err: "exactly one"},
		{payload: `{"Export": 0}`, err: `"Export" is unknown`},
		{payload: `{"export": "0"}`, err: "must be a number"},
		{payload: `{"export": null}`, err: "must be a number"},
		{payload: `{"export": -1}`, err: "must be a number"},
		{payload: `{"export": 1e9}`, err: "must be a number"},
		{payload: `NaN`, err: "must be a number"},
		{payload: `0x10`, err: "must be a number"},
		{payload: `Infinity`, err: "must be a number"},
		{payload: `{"off": false}`, err: `"off" must be true`},
		{payload: `{"off": true, "for": "15m"}`, err: `"for" is not possible`},
		{payload: `{"production_off": 1}`, err: "must be true or false"},
		{payload: `{"applies_to": "import"}`, err: `"applies_to" must be`},
		{payload: `{"export": 0, "for": 15}`, err: `"for" must be a text`},
		{payload: `{"export": 0, "for": "1s"}`, err: `"for" must be from`},
		{payload: `{"export": 0, "for": "25h"}`, err: `"for" must be from`},
		{payload: `{"export": 0, "for": "-15m"}`, err: `"for" must be from`},
		{payload: `{"export": 0` + strings.Repeat(" ", 2000) + `}`, err: "longer than"},
	} {
		got, err := ParseCommand([]byte(tt.payload))
		if got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%.40s: %+v, %v, want %+v, %q", tt.payload, got, err, tt.want, tt.err)
		}
	}
}

// FuzzParseCommand: a command is within the limits, or there is an error.
func FuzzParseCommand(f *testing.F) {
	for _, seed := range []string{`{"export": 0}`, `1500`, `{"production":2000,"for":"15m"}`, `{"off":true}`, `{"applies_to":"export"}`, `{"production_off":true,"for":"forever"}`, `{"power":1e2}`, "\xff", `{"export":0,"export":1}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		c, err := ParseCommand(payload)
		switch {
		case err != nil:
			if c != (Command{}) {
				t.Errorf("%q: %+v and %v", payload, c, err)
			}
			if len(err.Error()) > 300 {
				t.Errorf("%q: an error of %d bytes", payload, len(err.Error()))
			}
		case c.End:
			if c.Setting != (Setting{}) || c.For != 0 || c.Forever {
				t.Errorf("%q: ends and sets, %+v", payload, c)
			}
		case c.Forever && c.For != 0, !c.Forever && (c.For < minLease || c.For > MaxLease):
			t.Errorf("%q: a lease of %v", payload, c.For)
		case c.Lever == Switch && c.Setting != (Setting{Off: true}), c.Lever == Power && (!c.Setting.Active || c.Setting.Off):
			t.Errorf("%q: %+v", payload, c.Setting)
		case !(c.Setting.Watts >= 0 && c.Setting.Watts <= maxWatts):
			t.Errorf("%q: %v W", payload, c.Setting.Watts)
		}
		_ = c.String()
	})
}

func TestMessage(t *testing.T) {
	for _, tt := range []struct {
		message Message
		want    error
	}{
		{Message{Payload: []byte("0")}, nil},
		{Message{Payload: []byte("0"), Retained: true}, errRetained},
		{Message{Payload: []byte("0"), IsEarly: true}, errEarly},
		{Message{Payload: []byte("0"), IsEarly: true, Retained: true}, errRetained},
	} {
		if c, err := tt.message.Command(); !errors.Is(err, tt.want) || err != nil && c != (Command{}) {
			t.Errorf("%+v: %+v, %v, want %v", tt.message, c, err, tt.want)
		}
	}
}
