package limiter

import (
	"sync"

	"github.com/envoy-mqtt/envoy-mqtt/internal/limit"
)

// maxMessages is how many commands wait at most. Of more, the latest count.
const maxMessages = 32

// An Inbox has what other goroutines have for a limiter. It is safe for concurrent
// use, and never waits.
type Inbox struct {
	notify func() // after each change

	mu       sync.Mutex
	messages []message
	results  []func() // of the journal
	wake     chan struct{}
}

// A message is one for the gateway with that serial number.
type message struct {
	serial string
	limit.Message
}

// NewInbox returns an inbox that calls notify after each change.
func NewInbox(notify func()) *Inbox { return &Inbox{notify: notify, wake: make(chan struct{}, 1)} }

// Put adds a message to limit/set of the gateway with that serial number, which need
// not be known yet.
func (i *Inbox) Put(serial string, m limit.Message) {
	if len(m.Payload) == 0 {
		return // a retained command was cleared
	}
	i.mu.Lock()
	if len(i.messages) >= maxMessages {
		i.messages = i.messages[1:]
	}
	i.messages = append(i.messages, message{serial, m})
	i.mu.Unlock()
	i.changed()
}

// add adds a result of the journal.
func (i *Inbox) add(result func()) {
	i.mu.Lock()
	i.results = append(i.results, result)
	i.mu.Unlock()
	i.changed()
}

func (i *Inbox) changed() {
	select {
	case i.wake <- struct{}{}:
	default:
	}
	i.notify()
}

// take empties the inbox.
func (i *Inbox) take() (messages []message, results []func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	messages, results = i.messages, i.results
	i.messages, i.results = nil, nil
	return messages, results
}
