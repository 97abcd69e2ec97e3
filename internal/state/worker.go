package state

import (
	"slices"
	"sync"
	"time"
)

// A Worker runs jobs in a goroutine of its own, in order, so that a file system
// that does not respond delays no other. Its methods may be called from any
// goroutine, and Do does not block.
type Worker struct {
	mu       sync.Mutex // guards jobs and isClosed
	changed  *sync.Cond // of them
	jobs     []job
	isClosed bool

	done chan struct{} // closed when the last job has ended
}

type job struct {
	key string
	run func()
}

// NewWorker starts a worker.
func NewWorker() *Worker {
	w := &Worker{done: make(chan struct{})}
	w.changed = sync.NewCond(&w.mu)
	go w.work()
	return w
}

// Do runs a job soon. It replaces a job with the same key that has not begun.
// After Close it does nothing.
func (w *Worker) Do(key string, run func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.isClosed {
		return
	}
	w.jobs = slices.DeleteFunc(w.jobs, func(j job) bool { return j.key == key })
	w.jobs = append(w.jobs, job{key, run})
	w.changed.Signal()
}

// Close waits for all jobs, at most for the timeout, and reports whether they
// have ended.
func (w *Worker) Close(timeout time.Duration) bool {
	w.mu.Lock()
	w.isClosed = true
	w.changed.Signal()
	w.mu.Unlock()
	select {
	case <-w.done:
		return true
	case <-time.After(timeout):
		return false
	}
}

func (w *Worker) work() {
	defer close(w.done)
	for run := w.next(); run != nil; run = w.next() {
		run()
	}
}

// next waits for the next job and removes it. After Close it returns nil if there is
// none.
func (w *Worker) next() (run func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.jobs) == 0 {
		if w.isClosed {
			return nil
		}
		w.changed.Wait()
	}
	run = w.jobs[0].run
	w.jobs = slices.Delete(w.jobs, 0, 1)
	return run
}
