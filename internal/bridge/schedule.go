package bridge

import "time"

// A schedule decides which request of a gateway is next. Samples have priority,
// so that a task delays a sample by no more than the task's own duration.
type schedule struct {
	tasks      []*task
	nextSample time.Time
}

// startSession makes all tasks due.
func (s *schedule) startSession(now time.Time) {
	for _, t := range s.tasks {
		t.next, t.timeouts = now, 0
		if t.skipFirst {
			t.next = now.Add(t.interval)
		}
	}
}

// isSampleDue reports whether a sample must be requested.
func (s *schedule) isSampleDue(now time.Time) bool { return !now.Before(s.nextSample) }

// nextTask returns the task that has been due the longest, or nil.
func (s *schedule) nextTask(now time.Time) *task {
	var next *task
	for _, t := range s.tasks {
		if !t.next.After(now) && (next == nil || t.next.Before(next.next)) {
			next = t
		}
	}
	return next
}

// nextTime returns when the next sample is due, or the next task if withTasks is
// true and the task is due earlier.
func (s *schedule) nextTime(withTasks bool) time.Time {
	next := s.nextSample
	for _, t := range s.tasks {
		if withTasks && t.next.Before(next) {
			next = t.next
		}
	}
	return next
}
