package history

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

const (
	saveInterval = 5 * time.Minute
	stopTimeout  = 2 * time.Second // for the last write
)

// Run writes the files every five minutes and when ctx ends. End ctx after the last
// sample. Run returns two seconds later at most, also if the file system hangs.
func (s *Store) Run(ctx context.Context) error {
	done := make(chan struct{})
	go func() { // the one goroutine that uses the files
		defer close(done)
		ticker := time.NewTicker(saveInterval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				s.save()
			case <-ctx.Done():
				s.save()
				return
			}
		}
	}()
	<-ctx.Done()
	select {
	case <-done:
	case <-time.After(stopTimeout):
		s.Log.Warn().Msg("history not saved: the file system does not respond")
	}
	return nil
}

// A change is a file that must be written or removed.
type change struct {
	name string
	data []byte // nil removes the file
	undo func() // records that the file has not changed
}

// save writes what has changed. A failure is logged once, and the next save tries
// again.
func (s *Store) save() {
	if s.Dir == "" {
		return
	}
	s.mu.RLock()
	gateways := maps.Clone(s.gateways)
	s.mu.RUnlock()
	var failure error
	for serial, g := range gateways {
		dir := filepath.Join(s.dir(), serial)
		for _, c := range g.changes() {
			if err := s.apply(filepath.Join(dir, c.name), c.data); err != nil {
				failure = err
				g.mu.Lock()
				c.undo()
				g.mu.Unlock()
			}
		}
	}
	switch {
	case failure != nil && !s.files.hasFailed:
		s.Log.Warn().Err(failure).Msg("history not saved, retrying")
	case failure == nil && s.files.hasFailed:
		s.Log.Info().Msg("history is saved again")
	}
	s.files.hasFailed = failure != nil
}

// apply writes or removes a file.
func (s *Store) apply(path string, data []byte) error {
	if data == nil {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove the history: %w", err)
		}
	} else if err := s.write(path, data); err != nil {
		return fmt.Errorf("write the history: %w", err)
	}
	s.files.setSize(path, int64(len(data)))
	return nil
}

// changes returns the files that must be changed, which count as changed from now
// on.
func (g *gateway) changes() []change {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.readOnly {
		return nil
	}
	var all []change
	for _, t := range []*tier{&g.fine, &g.coarse} {
		all = append(all, t.changes()...)
	}
	all = append(all, g.inverters.changes()...)
	if g.dirty {
		data := encodeDays(&g.energies.last, g.energies.calendar.days)
		all = append(all, change{daysFile, data, func() { g.dirty = true }})
		g.dirty = false
		if today := g.today(); today != g.backup {
			all = append(all, change{secondFile, data, func() { g.backup = Date{} }})
			g.backup = today
		}
	}
	return all
}

// today returns the date of the last sample.
func (g *gateway) today() Date { return DateOf(g.energies.power.at.In(g.energies.calendar.loc)) }

func (t *tier) changes() []change {
	var all []change
	for _, number := range t.removed {
		all = append(all, change{t.fileName(number), nil, func() {
			if !slices.ContainsFunc(t.chunks, func(c *chunk) bool { return c.number == number }) {
				t.removed = append(t.removed, number)
			}
		}})
	}
	t.removed = nil
	for _, c := range t.chunks {
		if c.dirty {
			c.dirty = false
			all = append(all, change{t.fileName(c.number), c.encode(), func() { c.dirty = true }})
		}
	}
	return all
}

func (t *tier) fileName(number int64) string { return fmt.Sprintf("%s-%d", t.name, number) }

func (v *inverters) changes() []change {
	var all []change
	for _, date := range v.removed {
		all = append(all, change{inverterFiles + date.String(), nil, func() {
			if _, exists := v.search(date); !exists {
				v.removed = append(v.removed, date)
			}
		}})
	}
	v.removed = nil
	for _, d := range v.days {
		if d.dirty {
			d.dirty = false
			all = append(all, change{d.name(), d.encode(), func() { d.dirty = true }})
		}
	}
	return all
}

func (d *inverterDay) name() string { return inverterFiles + d.date.String() }

// files is the state of the files.
type files struct {
	hasFailed bool // the last write; only the goroutine that writes uses it

	mu    sync.Mutex       // guards sizes
	sizes map[string]int64 // by path, in bytes
}

func (f *files) size(path string) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sizes[path]
}

// setSize records the size of a file; 0 if it has been removed.
func (f *files) setSize(path string, size int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.sizes == nil {
		f.sizes = map[string]int64{}
	}
	f.sizes[path] = size
	if size == 0 {
		delete(f.sizes, path)
	}
}

func (f *files) total() (bytes int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, size := range f.sizes {
		bytes += size
	}
	return bytes
}
