package web

import (
	"slices"
	"sync"
	"time"
)

const (
	// maxProblems limits the list of problems.
	maxProblems = 50
	// problemAge is how long a problem stays in the list.
	problemAge = 24 * time.Hour
	// maxProblemText limits the length of each text in bytes.
	maxProblemText = 500
)

// A Problem is a warning or an error of the log.
type Problem struct {
	Level  string    `json:"level"` // warn or error
	Text   string    `json:"text"`
	Detail string    `json:"detail,omitempty"`
	First  time.Time `json:"first"`
	Last   time.Time `json:"last"`
	Count  int       `json:"count"`
}

// Problems keeps the problems of the last day. The zero value is ready. Its methods
// are safe for concurrent use.
type Problems struct {
	mu   sync.Mutex // guards list
	list []Problem  // oldest Last first
}

// Add stores a warning or an error of the log. One with the same text as an earlier
// one is counted with it. The texts must not contain secrets.
func (l *Problems) Add(level, text, detail string) {
	now := time.Now()
	p := Problem{Level: level, Text: shortened(text), Detail: shortened(detail), First: now, Last: now, Count: 1}
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.IndexFunc(l.list, func(q Problem) bool { return q.Level == level && q.Text == p.Text }); i >= 0 {
		p.First, p.Count = l.list[i].First, l.list[i].Count+1
		l.list = slices.Delete(l.list, i, i+1)
	}
	if len(l.list) >= maxProblems {
		l.list = slices.Delete(l.list, 0, 1)
	}
	l.list = append(l.list, p)
}

// recent returns the problems of the last day, newest first.
func (l *Problems) recent(now time.Time) []Problem {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = slices.DeleteFunc(l.list, func(p Problem) bool { return now.Sub(p.Last) > problemAge })
	list := append([]Problem{}, l.list...)
	slices.Reverse(list)
	return list
}

func shortened(text string) string {
	if len(text) > maxProblemText {
		return text[:maxProblemText] + " …"
	}
	return text
}
