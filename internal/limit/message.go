package limit

import "errors"

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
