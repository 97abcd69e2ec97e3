package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"sync"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// places remembers, over restarts, where on which broker something of ours may
// be retained, so that it can be taken away when the configuration has moved on.
type places struct {
	path   string
	broker string // the present one, as host:port

	mu  sync.Mutex // guards all
	all []place
}

type place struct {
	Broker  string   `json:"broker"`
	Topic   string   `json:"topic"`
	Prefix  string   `json:"prefix,omitempty"` // of discovery; empty for none
	Serials []string `json:"serials,omitempty"`
}

// newPlaces reads what is remembered. A file that cannot be read is as good as none.
func newPlaces(dir, broker string) *places {
	p := &places{path: filepath.Join(dir, "published.json"), broker: broker}
	if data, err := state.ReadFile(p.path, state.MaxFileSize); err == nil && json.Unmarshal(data, &p.all) != nil {
		p.all = nil
	}
	return p
}

// earlier returns the places on the present broker.
func (p *places) earlier() (on []bridge.Place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.all {
		if l.Broker == p.broker {
			on = append(on, bridge.Place{Topic: l.Topic, Prefix: l.Prefix, Serials: slices.Clone(l.Serials)})
		}
	}
	return on
}

var bridgeIDPattern = regexp.MustCompile(`^[A-Za-z0-9_-]+_bridge$`)

// bridgeID returns the bridge's identifier in Home Assistant, which is kept in
// the state folder from the first start on, so that its entities stay the same
// when TOPIC changes. It is good for use even with an error, which says that it
// could not be kept.
func (p *places) bridgeID(topic string) (string, error) {
	path := filepath.Join(filepath.Dir(p.path), "bridge_id")
	if data, err := state.ReadFile(path, state.MaxFileSize); err == nil && bridgeIDPattern.Match(data) {
		return string(data), nil
	}
	id := bridge.DeviceID(p.announcedAs(topic))
	if err := keep(path, id); err != nil {
		return id, fmt.Errorf("keep the bridge's id: %w", err)
	}
	return id, nil
}

// announcedAs returns the TOPIC of which versions that kept no id made it: the
// present one if that was published before, else the last one that was.
func (p *places) announcedAs(topic string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.all); n > 0 && !slices.ContainsFunc(p.all, func(l place) bool { return l.Topic == topic }) {
		return p.all[n-1].Topic
	}
	return topic
}

// note remembers that gateways are published at a place.
func (p *places) note(topic, prefix string, serials ...string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := p.find(topic, prefix)
	news := i < 0
	if news {
		i = len(p.all)
		p.all = append(p.all, place{Broker: p.broker, Topic: topic, Prefix: prefix})
	}
	for _, serial := range serials {
		if l := &p.all[i]; serial != "" && !slices.Contains(l.Serials, serial) {
			l.Serials = append(l.Serials, serial)
			news = true
		}
	}
	if !news {
		return nil
	}
	return p.save()
}

// cleared forgets what was taken away; the place that topic and prefix name is
// in use and stays.
func (p *places) cleared(gone bridge.Place, topic, prefix string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := p.find(gone.Topic, gone.Prefix)
	if i < 0 {
		return nil
	}
	l := &p.all[i]
	l.Serials = slices.DeleteFunc(l.Serials, func(s string) bool { return slices.Contains(gone.Serials, s) })
	if i != p.find(topic, prefix) && len(l.Serials) == 0 {
		p.all = slices.Delete(p.all, i, i+1)
	}
	return p.save()
}

func (p *places) find(topic, prefix string) int {
	return slices.IndexFunc(p.all, func(l place) bool { return l.Broker == p.broker && l.Topic == topic && l.Prefix == prefix })
}

// save writes the file. The caller holds the lock.
func (p *places) save() error {
	data, err := json.MarshalIndent(p.all, "", "\t")
	if err != nil {
		panic(err) // strings
	}
	if err := keep(p.path, string(data)); err != nil {
		return fmt.Errorf("remember where was published: %w", err)
	}
	return nil
}
