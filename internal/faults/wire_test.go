//go:build faults

package faults_test

import (
	"net"
	"sync"
	"testing"
	"time"
)

// A wire is a TCP proxy whose link can be cut, stopped and slowed down.
type wire struct {
	address string
	to      string

	mu     sync.Mutex // guards all
	conns  map[net.Conn]bool
	open   chan struct{} // closed while bytes may pass
	refuse bool
	delay  time.Duration // from one end to the other
	rate   int           // bytes a second; 0 for any
}

// lay starts a wire to an address.
func lay(t *testing.T, to string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{address: l.Addr().String(), to: to, conns: map[net.Conn]bool{}, open: make(chan struct{})}
	close(w.open)
	t.Cleanup(func() {
		l.Close()
		w.cut()
		w.blackhole(false)
	})
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			go w.join(near)
		}
	}()
	return w
}

func (w *wire) join(near net.Conn) {
	defer near.Close()
	w.mu.Lock()
	refuse := w.refuse
	w.mu.Unlock()
	far, err := net.Dial("tcp", w.to)
	if err != nil || refuse {
		return
	}
	defer far.Close()
	w.mu.Lock()
	w.conns[near], w.conns[far] = true, true
	w.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { w.carry(near, far) })
	both.Go(func() { w.carry(far, near) })
	both.Wait()
	w.mu.Lock()
	delete(w.conns, near)
	delete(w.conns, far)
	w.mu.Unlock()
}

// A chunk is bytes on their way, and when they arrive.
type chunk struct {
	bytes []byte
	at    time.Time
}

// onItsWay is how many chunks are on their way at most; then the sender has to
// wait, as it does for the buffers of a real link.
const onItsWay = 64

// carry takes bytes from one connection to the other. A delay is latency: all
// that is sent together arrives together. At a rate, chunks follow one another.
func (w *wire) carry(from, to net.Conn) {
	defer from.Close()
	chunks := make(chan chunk, onItsWay)
	var writer sync.WaitGroup
	writer.Go(func() {
		defer to.Close()
		w.deliver(chunks, to)
	})
	defer writer.Wait()
	defer close(chunks)
	var sent time.Time // the end of the last chunk
	for {
		buf := make([]byte, 1024)
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		w.mu.Lock()
		delay, rate := w.delay, w.rate
		w.mu.Unlock()
		if now := time.Now(); sent.Before(now) {
			sent = now
		}
		if rate > 0 {
			sent = sent.Add(time.Duration(n) * time.Second / time.Duration(rate))
		}
		chunks <- chunk{buf[:n], sent.Add(delay)}
	}
}

// deliver writes each chunk at its time, or when the wire is open again. After a
// failure it drops them.
func (w *wire) deliver(chunks <-chan chunk, to net.Conn) {
	var err error
	for c := range chunks {
		if err != nil {
			continue
		}
		time.Sleep(time.Until(c.at))
		w.mu.Lock()
		open := w.open
		w.mu.Unlock()
		<-open
		if _, err = to.Write(c.bytes); err != nil {
			to.Close()
		}
	}
}

// blackhole lets no byte pass, though connections are made and stand.
func (w *wire) blackhole(yes bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-w.open:
		if yes {
			w.open = make(chan struct{})
		}
	default:
		if !yes {
			close(w.open)
		}
	}
}

// slow gives the wire a delay and a rate in bytes a second.
func (w *wire) slow(delay time.Duration, rate int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.delay, w.rate = delay, rate
}

// cut ends every connection.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.conns {
		c.Close()
	}
}
