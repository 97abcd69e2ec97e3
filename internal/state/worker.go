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
	mu       sync.Mutex // guards what follows
	jobs     []job
	isClosed bool

	wake chan struct{} // has an element after a change
	done chan struct{} // closed when the last job has ended
}

type job struct {
	key string
	run func()
}

// NewWorker starts a worker.
func NewWorker() *Worker {
	w := &Worker{wake: make(chan struct{}, 1), done: make(chan struct{})}
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
	w.notify()
}

// Close waits for all jobs, at most for the timeout, and reports whether they
// have ended.
func (w *Worker) Close(timeout time.Duration) bool {
	w.mu.Lock()
	w.isClosed = true
	w.notify()
	w.mu.Unlock()
	select {
	case <-w.done:
		return true
	case <-time.After(timeout):
		return false
	}
}

func (w *Worker) notify() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *Worker) work() {
	defer close(w.done)
	for range w.wake {
		for {
			run, isClosed := w.next()
			if run == nil {
				if isClosed {
					return
				}
				break
			}
			run()
		}
	}
}

// next removes and returns the next job, nil if there is none.
func (w *Worker) next() (run func(), isClosed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.jobs) == 0 {
		return nil, w.isClosed
	}
	run = w.jobs[0].run
	w.jobs = slices.Delete(w.jobs, 0, 1)
	return run, w.isClosed
}
