package schedule

import "time"

// A Schedule decides which request of a gateway is next. Samples have priority,
// so that a task delays a sample by no more than the task's own duration. During an
// outage, only samples are requested.
type Schedule struct {
	Tasks      []*Task
	NextSample time.Time
	Failures   Failures
}

// StartSession makes all tasks due.
func (s *Schedule) StartSession(now time.Time) {
	for _, t := range s.Tasks {
		t.next, t.timeouts = now, 0
		if t.skipFirst {
			t.next = now.Add(t.Interval)
		}
	}
}

// IsSampleDue reports whether a sample must be requested.
func (s *Schedule) IsSampleDue(now time.Time) bool { return !now.Before(s.NextSample) }

// NextTask returns the task that has been due the longest, or nil.
func (s *Schedule) NextTask(now time.Time) *Task {
	var next *Task
	for _, t := range s.possibleTasks() {
		if !t.next.After(now) && (next == nil || t.next.Before(next.next)) {
			next = t
		}
	}
	return next
}

// NextTime returns when the next sample is due, or the next task if withTasks is
// true and the task is due earlier.
func (s *Schedule) NextTime(withTasks bool) time.Time {
	next := s.NextSample
	for _, t := range s.possibleTasks() {
		if withTasks && t.next.Before(next) {
			next = t.next
		}
	}
	return next
}

// possibleTasks returns the tasks, none during an outage.
func (s *Schedule) possibleTasks() []*Task {
	if s.Failures.Count > 0 {
		return nil
	}
	return s.Tasks
}
