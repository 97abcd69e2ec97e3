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
	delay  time.Duration // of each chunk
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

func (w *wire) carry(from, to net.Conn) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 1024)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		w.mu.Lock()
		open, wait := w.open, w.delay
		if w.rate > 0 {
			wait += time.Duration(n) * time.Second / time.Duration(w.rate)
		}
		w.mu.Unlock()
		time.Sleep(wait)
		<-open
		if _, err := to.Write(buf[:n]); err != nil {
			return
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
