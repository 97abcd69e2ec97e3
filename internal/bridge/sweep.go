package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// A Place is where retained topics of ours may stand on the broker.
type Place struct {
	Topic   string   // the base topic
	Prefix  string   // of the discovery topics; empty for no discovery
	Serials []string // of the gateways that were published there
}

// A sweeper takes from the broker what earlier runs left there and this one
// does not renew: under another base topic or discovery prefix, and of gateways
// that are no longer read. It clears only what is under a gateway's or the
// bridge's own topic of such a place, and discovery documents that name them.
type sweeper struct {
	house   *house
	earlier []Place
	cleared func(Place)
	known   chan struct{} // closed when the serial number of every gateway is known: what is missing then is gone

	mu    sync.Mutex // guards what follows
	told  bool       // known is closed
	swept *Place     // what is being swept, without the gateways that stay
	found []string   // its topics
	size  int        // of these, in bytes
	seen  int        // retained messages
}

// mostFound is how many bytes of topics are gathered before they are cleared.
const mostFound = 1 << 20

// quiet is how long nothing must come until all has come: the client handles
// messages on their way, beside the answers to questions.
const quiet = time.Second

// look takes note when every gateway is known. The caller holds no gateway's lock.
func (s *sweeper) look() {
	if len(s.serving()) < len(s.house.gateways) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.told {
		s.told = true
		close(s.known)
	}
}

// serving returns the serial numbers that are known.
func (s *sweeper) serving() (serials []string) {
	for _, gw := range s.house.gateways {
		if serial := gw.known(); serial != "" {
			serials = append(serials, serial)
		}
	}
	return serials
}

// run sweeps every place over one connection, whose life is ctx.
func (s *sweeper) run(ctx context.Context) error {
	for len(s.earlier) > 0 {
		p := s.dirt(s.earlier[0])
		if !s.empty(p) {
			n, err := s.sweep(ctx, p)
			if err != nil {
				return fmt.Errorf("%s: %w", p.Topic, err)
			}
			s.house.writer.log.Info().Str("topic", p.Topic).Str("prefix", p.Prefix).Strs("gateways", p.Serials).Int("cleared", n).Msg("old topics cleared")
		}
		if s.cleared != nil && (!s.empty(p) || !s.here(p)) {
			s.cleared(p)
		}
		s.earlier = s.earlier[1:]
	}
	return nil
}

// dirt is what of p is not renewed any more.
func (s *sweeper) dirt(p Place) Place {
	if s.here(p) {
		p.Serials = s.roots(p)
	}
	return p
}

// here reports whether p is where this run publishes.
func (s *sweeper) here(p Place) bool {
	return p.Topic == s.house.topics.Base && p.Prefix == s.house.prefix()
}

// empty reports whether nothing can stand at p that is not renewed.
func (s *sweeper) empty(p Place) bool {
	return p.Topic == s.house.topics.Base && (p.Prefix == "" || p.Prefix == s.house.prefix()) && len(s.roots(p)) == 0
}

// sweep finds what is retained at p, clears it and returns how much it was:
// first the discovery documents, so that the entities are gone, and the other
// topics when Home Assistant reads them no more. The discovery documents under
// the present prefix are known.
func (s *sweeper) sweep(ctx context.Context, p Place) (int, error) {
	old := schema.Topics{Base: p.Topic, Prefix: p.Prefix}
	var documents, others []string // filters
	if p.Prefix != "" && p.Prefix != s.house.prefix() {
		documents = append(documents, old.Discovery("+"))
	}
	for _, serial := range s.roots(p) {
		others = append(others, old.Gateway(serial)+"/#")
	}
	if p.Topic != s.house.topics.Base {
		others = append(others, old.Bridge("+"))
	}
	cleared, err := s.clear(ctx, p, documents, nil)
	if err != nil {
		return cleared, err
	}
	var known []string
	for topic, doc := range s.house.inventory.all() {
		if s.ours(p, topic, []byte(doc)) {
			known = append(known, topic)
		}
	}
	if err := wait(ctx, s.house.board.clear(known)); err != nil {
		return cleared, err
	}
	n, err := s.clear(ctx, p, others, func() error {
		if err := s.supersede(ctx, p); err != nil {
			return err
		}
		return sleep(ctx, takenIn)
	})
	return cleared + len(known) + n, err
}

// clear takes what is retained under filters and belongs to p from the broker,
// and returns how much it was. Before the first of it, it calls ready, which may
// be nil.
func (s *sweeper) clear(ctx context.Context, p Place, filters []string, ready func() error) (cleared int, err error) {
	for more := true; more; {
		found, full, err := s.retained(ctx, p, filters)
		if err == nil && len(found) > 0 && ready != nil {
			err, ready = ready(), nil
		}
		if err == nil {
			err = wait(ctx, s.house.board.clear(found))
		}
		if err != nil {
			return cleared, err
		}
		cleared, more = cleared+len(found), full
	}
	return cleared, nil
}

// retained returns the topics under filters that belong to p, and whether there
// may be more of them.
func (s *sweeper) retained(ctx context.Context, p Place, filters []string) (found []string, full bool, err error) {
	s.mu.Lock()
	s.swept, s.found, s.size = &p, nil, 0
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.swept = nil
		s.mu.Unlock()
	}()
	client := s.house.writer.client
	if len(filters) > 0 {
		subs := make([]mqtt.Subscription, len(filters))
		for i, f := range filters {
			subs[i] = mqtt.Subscription{Filter: f} // of QoS 0: the broker sends all at once
		}
		defer func() { err = errors.Join(err, client.Unsubscribe(context.WithoutCancel(ctx), filters...)) }()
		if err := client.Subscribe(ctx, subs...); err != nil {
			return nil, false, err
		}
	}
	if err := wait(ctx, client.Barrier()); err != nil {
		return nil, false, err
	}
	return s.gather(ctx)
}

// lastAnswers is how long, after a gateway was announced, the entities of an
// earlier run are waited for that it has not announced again: three answers
// about inverters take ten minutes.
const lastAnswers = 20 * time.Minute

// supersede waits until no discovery document names topics of p: those of
// gateways that are still read are replaced, which may take until they answer.
func (s *sweeper) supersede(ctx context.Context, p Place) error {
	h := s.house
	if p.Topic == h.topics.Base || h.ha.Off {
		return nil // there are none
	}
	var until time.Time
	for {
		announced, complete := h.board.hasArrived(h.topics.Discovery(h.topics.BridgeID())), true
		for _, g := range h.gateways {
			if slices.Contains(p.Serials, g.known()) {
				a, c := g.superseded()
				announced, complete = announced && a, complete && c
			}
		}
		remaining := h.remaining(s.serving())
		if announced && until.IsZero() {
			until = time.Now().Add(lastAnswers)
		}
		if announced && (complete && len(remaining) == 0 || !time.Now().Before(until)) {
			return wait(ctx, h.board.clear(remaining))
		}
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
	}
}

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// roots are the gateways of p whose values nobody renews.
func (s *sweeper) roots(p Place) []string {
	if p.Topic != s.house.topics.Base {
		return p.Serials
	}
	serving := s.serving()
	return slices.DeleteFunc(slices.Clone(p.Serials), func(sn string) bool { return slices.Contains(serving, sn) })
}

// gather returns the topics found when no more come or there are many.
func (s *sweeper) gather(ctx context.Context) (found []string, full bool, err error) {
	for before := -1; ; {
		s.mu.Lock()
		found, full = s.found, s.size >= mostFound
		seen := s.seen
		s.mu.Unlock()
		if full || seen == before {
			return found, full, nil
		}
		before = seen
		select {
		case <-time.After(quiet):
		case <-ctx.Done():
			return nil, false, ctx.Err()
		}
	}
}

func wait(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// take looks at a retained message that the broker had.
func (s *sweeper) take(topic string, payload []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen++
	if s.swept != nil && s.size < mostFound && len(payload) > 0 && s.ours(*s.swept, topic, payload) {
		s.found = append(s.found, topic)
		s.size += len(topic)
	}
}

// ours reports whether what stands under topic belongs to p and is not renewed.
func (s *sweeper) ours(p Place, topic string, payload []byte) bool {
	old := schema.Topics{Base: p.Topic, Prefix: p.Prefix}
	for _, serial := range s.roots(p) {
		if strings.HasPrefix(topic, old.Gateway(serial)+"/") {
			return true
		}
	}
	if p.Topic != s.house.topics.Base && strings.HasPrefix(topic, old.Bridge("")) {
		return true
	}
	var doc announced
	if p.Prefix == "" || !strings.HasPrefix(topic, p.Prefix+"/device/") || json.Unmarshal(payload, &doc) != nil ||
		doc.Origin.Name != originName || !doc.awaits(old.BridgeState()) {
		return false
	}
	of := func(serials []string) bool {
		return slices.ContainsFunc(serials, func(sn string) bool { return doc.awaits(old.Availability(sn)) })
	}
	if own := len(doc.Availability) == 1; !own && !of(p.Serials) { // the bridge's own has no other
		return false
	}
	// Under the prefix that stays, the documents of what stays are about to be overwritten.
	stays := topic == s.house.topics.Discovery(s.house.topics.BridgeID()) || of(s.serving())
	return p.Prefix != s.house.prefix() || !stays
}

// awaits reports whether the entities of a are available only when topic says so.
func (a announced) awaits(topic string) bool {
	return slices.Contains(a.Availability, topicRef{topic})
}

// prefix is where discovery documents go, empty where there are none.
func (h *house) prefix() string {
	if h.ha.Off {
		return ""
	}
	return h.topics.Prefix
}
