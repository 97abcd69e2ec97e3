package enlighten

import (
	"context"
	"errors"
	"sync"
	"time"
)

// A Source hands out the tokens of one gateway. Its fields are set before the
// first call; all methods may be called at the same time. Without [Source.Start]
// tokens are obtained when they are needed and not renewed ahead of time. The
// caller ends it with [Source.Close].
type Source struct {
	Configured string  // TOKEN of the configuration; also one that is no JWT
	Account    Account // zero = none: a person brings the tokens
	Cloud      *Cloud  // nil = Enphase's own
	Store      *Store  // nil = memory only: the first login then waits a minute, as wherever it cannot be written down

	// Changed, if not nil, is told of every status that differs from the one
	// before, from Start on, by one goroutine at a time.
	Changed func(Status)
	told    Status // what it was told last; owned by run's goroutine

	disk sync.Mutex     // one writer of the gateway's files at a time
	runs sync.WaitGroup // the flight

	mu      sync.Mutex // guards what follows
	started time.Time
	life    context.Context // ends with Close
	end     context.CancelFunc
	wake    chan struct{} // of capacity 1, nil before Start: run calls tend at once
	stop    func()        // ends run and waits for it, nil before Start
	serial  string
	loaded  bool // the store was read for serial
	conf    held
	kept    held // stored, or from the cloud
	rec     record
	refused refusals
	unsaved struct{ rec, refused bool } // memory is newer than the store, which could not be written
	dirty   bool                        // rec is to be written
	tried   bool                        // a login was made in this process
	flight  *flight
	err     error     // why there is no newer token
	failure error     // of the newest login
	retry   time.Time // no renewal ahead of time before
	offline struct {  // since the cloud could not be reached
		err   error
		wait  time.Duration
		until time.Time
	}
	warnings map[string]string // by what they are about
}

// A reason is why a login is asked for.
type reason int

const (
	need  reason = iota // there is no token
	early               // the token grows old
	force               // a person says so
	look                // a person asks; no login is made
)

// A flight is one search for a token that all callers wait for together.
type flight struct {
	serial string
	why    reason
	login  bool          // the cloud is being asked; guarded by Source.mu
	done   chan struct{} // closed when err is set
	err    error
}

// Token returns a token that should be good now for the gateway with that
// serial. When there is none it waits for one login, together with all other
// callers; when none can be had it returns one that has expired by our clock and
// that the gateway has not refused. Without such a one it returns at once why:
// [ErrNoToken], [PausedError], [ErrPassword] and so on. A caller leaves when its ctx ends; the
// login goes on.
func (s *Source) Token(ctx context.Context, serial string) (string, error) {
	for {
		h, f, err := s.seek(serial, need)
		if f == nil {
			return h.raw, err
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-f.done:
		}
		if f.serial == serial && f.err != nil {
			if raw, ok := s.lastResort(serial); ok {
				return raw, nil
			}
			return "", f.err
		}
	}
}

// Reject says that the gateway itself refused token: its check_jwt answered
// 401. The next Token hands out another.
func (s *Source) Reject(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setup()
	h := hold(token, "")
	if _, known := s.rec.Refused[h.mark()]; known || h.raw == "" || h.raw != s.conf.raw && h.raw != s.kept.raw {
		return
	}
	s.rec.refuse(h, time.Now())
	s.dirty = true
	if _, other := s.pick(time.Now()); !other {
		s.err = ErrRefused
		if !s.Account.complete() {
			s.err = s.lack(time.Now()) // as the next Token will say
		}
	}
	s.tell()
}

// Accept says that the gateway took token. Only a token that had worked is
// replaced at once when the gateway refuses it later. It costs nothing to say so
// after every reading.
func (s *Source) Accept(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := token == s.kept.raw && s.rec.accept(time.Now())
	s.dirty = s.dirty || changed
	if len(s.rec.Refused) > 0 {
		if _, refused := s.rec.Refused[held{raw: token}.mark()]; refused { // by mistake, as it shows, and so perhaps the others
			clear(s.rec.Refused)
			s.dirty, changed = true, true
		}
	}
	if _, ok := s.pick(time.Now()); ok && errors.Is(s.err, ErrRefused) { // it was wrong, or this is another token
		s.err, changed = nil, true
	}
	if changed {
		s.tell()
	}
}

// seek returns a token that is at hand, or the flight to wait for.
func (s *Source) seek(serial string, why reason) (held, *flight, error) {
	if !validSerial(serial) {
		return held{}, nil, badSerial(serial)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setup()
	if s.flight != nil && (s.flight.serial != serial || why == force) {
		return held{}, s.flight, nil
	}
	s.turnTo(serial)
	if h, ok := s.pick(time.Now()); ok && s.loaded && why == need {
		return h, nil, nil
	}
	if s.life.Err() != nil {
		return held{}, nil, errStopped
	}
	if s.flight == nil {
		f := &flight{serial: serial, why: why, done: make(chan struct{})}
		s.flight = f
		s.runs.Go(func() { s.fly(s.life, f) })
	}
	return held{}, s.flight, nil
}

// turnTo forgets another gateway's state: this one took its place, or is known
// only now. There is no flight.
func (s *Source) turnTo(serial string) {
	if s.serial == serial {
		return
	}
	s.serial, s.loaded, s.kept, s.err, s.failure, s.retry = serial, false, held{}, nil, nil, time.Time{}
	clear(s.warnings)
	s.rec, s.unsaved.rec = record{Account: s.Account.mark()}, false
}

// setup makes the zero value work.
func (s *Source) setup() {
	if s.life != nil {
		return
	}
	s.started = time.Now()
	s.life, s.end = context.WithCancel(context.Background())
	s.conf = hold(s.Configured, Configured)
	s.warnings = map[string]string{}
	if s.Cloud == nil {
		s.Cloud = new(Cloud)
	}
}
