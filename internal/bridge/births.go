package bridge

import (
	"math/rand/v2"
	"sync"
	"time"
)

// A storm answers messages that may come in great numbers, such as Home
// Assistant's births: once, when they are over, and after a random pause, because
// the bridge of every device receives the same message.
type storm struct {
	mu    sync.Mutex // guards what follows
	timer *time.Timer
	first time.Time // of those that were not answered yet
}

// longestStorm is how long messages may come one after the other before they are answered all the same.
const longestStorm = 15 * time.Second

// answer calls f when the storm that a message belongs to is over.
func (b *storm) answer(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	pause := time.Second + rand.N(4*time.Second)
	if b.timer != nil {
		b.timer.Stop()
		pause = min(pause, longestStorm-time.Since(b.first))
	} else {
		b.first = time.Now()
	}
	var timer *time.Timer
	timer = time.AfterFunc(pause, func() {
		b.mu.Lock()
		late := b.timer != timer // another message came just then
		if !late {
			b.timer = nil
		}
		b.mu.Unlock()
		if !late {
			f()
		}
	})
	b.timer = timer
}

func (b *storm) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.timer != nil {
		b.timer.Stop()
	}
}
