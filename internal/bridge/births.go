package bridge

import (
	"math/rand/v2"
	"sync"
	"time"
)

// births answers Home Assistant's starts: after a random pause, because every
// device's bridge hears the same message, and a storm of them once, when it is over.
type births struct {
	mu    sync.Mutex // guards what follows
	timer *time.Timer
	first time.Time // of those that were not answered yet
}

// longestStorm is how long births may come one after the other before they are answered all the same.
const longestStorm = 15 * time.Second

func (b *births) answer(announce func()) {
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
		late := b.timer != timer // another birth came just then
		if !late {
			b.timer = nil
		}
		b.mu.Unlock()
		if !late {
			announce()
		}
	})
	b.timer = timer
}

func (b *births) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.timer != nil {
		b.timer.Stop()
	}
}
