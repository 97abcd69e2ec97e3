// Package schedule decides which request of a gateway is next, when a gateway that
// fails is asked again, and how long a request may take. It makes no requests, so
// that each decision can be tested alone.
//
// A [Schedule] has the time of the next sample and the [Task]s, which are the
// requests beside samples: a sample that is due precedes each task. [Failures]
// returns when a failed poll is repeated and whether the session must be opened
// again. [ResponseTimes] records how long responses took, from which the timeouts of
// the next requests follow.
//
// An event loop owns a Schedule, its tasks and its Failures, which are not safe for
// concurrent use; ResponseTimes are.
package schedule
