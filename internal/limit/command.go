package limit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
)

const (
	// defaultLease is the lease of a command without "for".
	defaultLease = 15 * time.Minute
	// MaxLease is the longest lease but one that lasts forever.
	MaxLease = 24 * time.Hour
	// minLease is the shortest lease.
	minLease = 10 * time.Second
	// maxWatts is more than any gateway manages.
	maxWatts = 1e6
	// maxPayload limits a command, in bytes.
	maxPayload = 1024
)

// A Command is what somebody asks for on the topic limit/set.
type Command struct {
	Lever   Lever
	End     bool    // end the lease and restore the state before
	Setting Setting // wanted, unless End
	// KeepWatts and KeepTarget mean that the command leaves the power, or what it
	// applies to, as they are.
	KeepWatts, KeepTarget bool
	For                   time.Duration // of the lease; 0 with Forever or End
	Forever               bool
}

// String returns what the command asks for.
func (c Command) String() string {
	switch {
	case c.End && c.Lever == Switch:
		return "production on"
	case c.End:
		return "limit off"
	case c.Forever:
		return c.Setting.String() + ", forever"
	}
	return fmt.Sprintf("%v, for %v", c.Setting, c.For)
}

// ParseCommand parses a payload: a JSON object with exactly one of these keys
//
//	{"export": 0}            limit the export, W
//	{"production": 2000}     limit the production, W
//	{"power": 2000}          another power of the same limit; without one, of the export
//	{"applies_to": "export"} the same power for "export" or "production"; "off" is {"off": true}
//	{"off": true}            end the limit
//	{"production_off": true} switch all inverters off; false ends that
//
// and, unless it ends something, "for" with a duration such as "15m" or with
// "forever". A bare number limits the export.
func ParseCommand(payload []byte) (Command, error) {
	payload = bytes.TrimSpace(payload)
	if len(payload) > maxPayload {
		return Command{}, fmt.Errorf("longer than %d bytes", maxPayload)
	}
	if len(payload) > 0 && payload[0] != '{' {
		return parseWatts("export", payload, Setting{Active: true, Export: true})
	}
	fields, err := parseObject(payload)
	if err != nil {
		return Command{}, err
	}
	lease, hasLease := fields["for"]
	delete(fields, "for")
	if len(fields) != 1 {
		return Command{}, errors.New(`exactly one of "export", "production", "power", "applies_to", "off" and "production_off" is needed`)
	}
	var c Command
	for key, value := range fields {
		if c, err = parseField(key, value); err != nil {
			return Command{}, err
		}
	}
	if !hasLease {
		return c, nil
	}
	if c.End {
		return Command{}, errors.New(`"for" is not possible with a command that ends something`)
	}
	return parseLease(c, lease)
}

// parseObject returns the fields of a JSON object, in which no key is repeated.
func parseObject(payload []byte) (map[string]json.RawMessage, error) {
	errSyntax := errors.New("no JSON object and no number")
	d := json.NewDecoder(bytes.NewReader(payload))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errSyntax
	}
	fields := map[string]json.RawMessage{}
	for d.More() {
		key, err := d.Token()
		name, isString := key.(string)
		var value json.RawMessage
		if err != nil || !isString || d.Decode(&value) != nil {
			return nil, errSyntax
		}
		if _, repeated := fields[name]; repeated {
			return nil, fmt.Errorf("%q is repeated", name)
		}
		fields[name] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, errSyntax
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON object")
	}
	return fields, nil
}

func parseField(key string, value json.RawMessage) (Command, error) {
	switch key {
	case "export":
		return parseWatts(key, value, Setting{Active: true, Export: true})
	case "production":
		return parseWatts(key, value, Setting{Active: true})
	case "power":
		c, err := parseWatts(key, value, Setting{Active: true, Export: true})
		c.KeepTarget = true
		return c, err
	case "applies_to":
		return parseTarget(value)
	case "off":
		if string(value) != "true" {
			return Command{}, errors.New(`"off" must be true`)
		}
		return Command{End: true}, nil
	case "production_off":
		switch string(value) {
		case "true":
			return Command{Lever: Switch, Setting: Setting{Off: true}, For: defaultLease}, nil
		case "false":
			return Command{Lever: Switch, End: true}, nil
		}
		return Command{}, errors.New(`"production_off" must be true or false`)
	}
	return Command{}, fmt.Errorf("%.40q is unknown", key)
}

func parseWatts(key string, value json.RawMessage, s Setting) (Command, error) {
	w, err := strconv.ParseFloat(string(value), 64)
	if err != nil || !json.Valid(value) || w < 0 || w > maxWatts {
		return Command{}, fmt.Errorf("%q must be a number of W, from 0 to %d", key, int(maxWatts))
	}
	s.Watts = w + 0 // -0 + 0 = 0
	return Command{Setting: s, For: defaultLease}, nil
}

func parseTarget(value json.RawMessage) (Command, error) {
	c := Command{Setting: Setting{Active: true}, KeepWatts: true, For: defaultLease}
	switch string(value) {
	case `"off"`:
		return Command{End: true}, nil
	case `"export"`:
		c.Setting.Export = true
		return c, nil
	case `"production"`:
		return c, nil
	}
	return Command{}, errors.New(`"applies_to" must be "off", "export" or "production"`)
}

func parseLease(c Command, value json.RawMessage) (Command, error) {
	var text string
	if err := json.Unmarshal(value, &text); err != nil {
		return Command{}, errors.New(`"for" must be a text such as "15m"`)
	}
	if text == "forever" {
		c.Forever, c.For = true, 0
		return c, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < minLease || d > MaxLease {
		return Command{}, fmt.Errorf(`"for" must be from %v to %v, such as "15m", or "forever"`, minLease, MaxLease)
	}
	c.For = d
	return c, nil
}

// A Message is what arrives on the topic limit/set.
type Message struct {
	Payload  []byte
	Retained bool // it was published as a retained message
	// IsEarly means that the broker may have kept the message from before this
	// connection.
	IsEarly bool
}

var (
	errRetained = errors.New("a retained message, which is not carried out: publish commands without retain")
	errEarly    = errors.New("sent while envoy-mqtt was connecting, and so perhaps old: send it again")
)

// Command returns the command of a message.
func (m Message) Command() (Command, error) {
	switch {
	case m.Retained:
		return Command{}, errRetained
	case m.IsEarly:
		return Command{}, errEarly
	}
	return ParseCommand(m.Payload)
}
