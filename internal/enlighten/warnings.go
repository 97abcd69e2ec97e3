package enlighten

import (
	"maps"
	"slices"
	"sync"
)

// warnings are the current warnings about stored files, one for each subject.
type warnings struct {
	mu    sync.Mutex // guards texts
	texts map[string]string
}

// set replaces the warning about subject; an empty text removes it.
func (w *warnings) set(subject, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.texts == nil {
		w.texts = map[string]string{}
	}
	if delete(w.texts, subject); text != "" {
		w.texts[subject] = text
	}
}

// setError replaces the warning about subject by err; nil removes it. It returns err.
func (w *warnings) setError(subject string, err error) error {
	if err == nil {
		w.set(subject, "")
	} else {
		w.set(subject, "token store: "+err.Error())
	}
	return err
}

func (w *warnings) list() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Collect(maps.Values(w.texts))
}

func (w *warnings) clear() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.texts)
}
