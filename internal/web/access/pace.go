package access

import (
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"
)

const (
	// minDelay follows the first wrong secret; each further one doubles it.
	minDelay = time.Second
	maxDelay = time.Minute
	// maxClients is how many networks with wrong secrets are remembered.
	maxClients = 256
)

// A Pacer slows down clients that guess a secret. The zero value is ready. Its
// methods are safe for concurrent use.
type Pacer struct {
	mu       sync.Mutex // guards attempts
	attempts map[netip.Prefix]attempts
}

// attempts are the wrong secrets of one network.
type attempts struct {
	failed int
	next   time.Time // no attempt before
}

// Network returns the network by which clients are counted: an owner of an IPv6
// network has 2^64 addresses.
func Network(a netip.Addr) netip.Prefix {
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits)
	return p
}

// Attempt starts an attempt of the client of r. It counts as failed until
// [Pacer.Succeed] is called, so that attempts at the same time are paced, too. It
// returns how long the client must wait, before this attempt if it is refused, else
// after it.
func (p *Pacer) Attempt(r *http.Request, now time.Time) (wait time.Duration, ok bool) {
	client := Network(peer(r))
	p.mu.Lock()
	defer p.mu.Unlock()
	a, known := p.attempts[client]
	if now.Before(a.next) {
		return a.next.Sub(now), false
	}
	if p.attempts == nil {
		p.attempts = map[netip.Prefix]attempts{}
	}
	if !known && len(p.attempts) >= maxClients {
		for other := range p.attempts {
			delete(p.attempts, other)
			break
		}
	}
	wait = min(maxDelay, minDelay<<min(a.failed, 6))
	p.attempts[client] = attempts{a.failed + 1, now.Add(wait)}
	return wait, true
}

// Succeed ends the pacing of the client of r.
func (p *Pacer) Succeed(r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.attempts, Network(peer(r)))
}

// RetryAfter sets the header that says when the next attempt is possible, and returns
// that in s.
func RetryAfter(w http.ResponseWriter, wait time.Duration) int {
	sec := int((wait + time.Second - 1) / time.Second)
	w.Header().Set("Retry-After", strconv.Itoa(sec))
	return sec
}
