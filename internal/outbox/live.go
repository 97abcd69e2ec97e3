package outbox

import (
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
)

// A liveBatch is the messages of one sample that are not retained.
type liveBatch struct {
	gateway  string
	messages []mqtt.Message
	expires  time.Time // when the next sample is due
}

// SetLive replaces the live messages of a gateway's previous sample. They are
// sent once, before expires, or not at all.
func (o *Outbox) SetLive(gateway string, ms []mqtt.Message, expires time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.done != nil {
		return
	}
	batch := liveBatch{gateway, ms, expires}
	if n := slices.IndexFunc(o.live, func(b liveBatch) bool { return b.gateway == gateway }); n >= 0 {
		o.live[n] = batch
	} else {
		o.live = append(o.live, batch)
	}
	o.wake()
}

// takeLive removes all live batches and returns the messages of those that have
// not expired.
func (o *Outbox) takeLive(now time.Time) []mqtt.Message {
	o.mu.Lock()
	defer o.mu.Unlock()
	var ms []mqtt.Message
	for _, b := range o.live {
		if now.Before(b.expires) {
			ms = append(ms, b.messages...)
		}
	}
	o.live = nil
	return ms
}

// sendLive sends the live messages, followed by a barrier. It sends none while a
// barrier is outstanding: a frozen broker would receive a burst of old samples
// when it resumes.
func (s *sender) sendLive() {
	if s.barrier != nil {
		return
	}
	ms := s.Outbox.takeLive(time.Now())
	if len(ms) == 0 {
		return
	}
	s.sendQoS0(ms[:1]) // the live document, which a controller waits for
	s.client.Batch(func() {
		s.sendQoS0(ms[1:])
		s.sendBarrier()
	})
}
