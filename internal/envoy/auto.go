package envoy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mdns"
)

// Auto as a [Client.Host] has the gateway found by multicast DNS. What was
// announced only proposes an address: the gateway is the one whose /info has
// the serial number that is looked for. Once one has answered it is the one.
const Auto = "auto"

// What is wrong with the gateways that answer. Which these are may vary.
var (
	errNoAddress    = errors.New("announces no address")
	errOtherAnswers = errors.New("answers, not")
)

// tryIn bounds the try of one address among several: a gateway on cable and
// Wi-Fi goes on announcing the address that is dead.
const tryIn = 5 * time.Second

// find reads /info where the gateway is, or is found.
func (c *Client) find(ctx context.Context) (Info, string, error) {
	if !strings.EqualFold(c.Host, Auto) {
		bases, err := c.bases(c.Host)
		if err != nil {
			return Info{}, "", err
		}
		return c.readInfo(ctx, bases)
	}
	c.mu.Lock()
	serial, last := cmp.Or(c.Serial, c.owner), c.found
	c.mu.Unlock()
	if last != "" { // it stays where it answers
		if info, base, err := c.identify(ctx, tryIn, serial, []string{last}); err == nil {
			return info, base, nil
		}
		c.CloseIdle()
	}
	found, err := c.discovery()(ctx, serial)
	if err != nil {
		return Info{}, "", fmt.Errorf("look for the gateway: %w", err)
	}
	candidates, err := choose(found, serial)
	if err != nil {
		return Info{}, "", fmt.Errorf("look for the gateway: %w", err)
	}
	return c.tryAll(ctx, candidates, serial)
}

func (c *Client) discovery() func(context.Context, string) ([]Discovered, error) {
	if c.discover != nil {
		return c.discover
	}
	return discover
}

// choose returns those of the announced gateways that may be the one of that
// serial number, or the only one where serial is empty.
func choose(found []Discovered, serial string) ([]Discovered, error) {
	if len(found) == 0 {
		return nil, ErrNotFound
	}
	if serial == "" && len(found) > 1 {
		return nil, fmt.Errorf("%w: %s", ErrSeveral, list(found))
	}
	candidates := slices.DeleteFunc(slices.Clone(found), func(a Discovered) bool { return serial != "" && a.Serial != "" && a.Serial != serial })
	if len(candidates) == 0 {
		return nil, fmt.Errorf("gateway %s does not answer to multicast DNS here, %w: %s", serial, ErrReplaced, list(found))
	}
	return candidates, nil
}

// list names gateways in a message.
func list(as []Discovered) string {
	var names []string
	for _, a := range as {
		name := cmp.Or(a.Serial, "one without a serial number")
		if len(a.Addrs) > 0 {
			name += " at " + slices.MinFunc(a.Addrs, func(a, b netip.Addr) int { return cmp.Or(mdns.CompareAddrs(a, b), a.Compare(b)) }).String() // the same each time it is said
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// tryAll reads /info at the addresses of the candidates until one is the
// gateway of that serial number, or any gateway where serial is empty.
func (c *Client) tryAll(ctx context.Context, candidates []Discovered, serial string) (Info, string, error) {
	addresses := 0
	for _, a := range candidates {
		addresses += len(a.Addrs)
	}
	limit := time.Duration(0)
	if addresses > 1 {
		limit = tryIn
	}
	var errs []error
	for _, a := range candidates {
		for _, addr := range a.Addrs {
			bases, err := c.bases(addr.String())
			if err != nil {
				panic(err) // an address is a host
			}
			info, base, err := c.identify(ctx, limit, serial, bases)
			if err == nil || ctx.Err() != nil {
				return info, base, err
			}
			errs = append(errs, err)
		}
	}
	if len(errs) == 0 {
		return Info{}, "", fmt.Errorf("look for the gateway: %s %w", list(candidates), errNoAddress)
	}
	return Info{}, "", errors.Join(errs...)
}

// identify reads /info at the first of the bases that answers, for no longer
// than limit if that is not 0. It is an error when another gateway than that of
// the serial number answers.
func (c *Client) identify(ctx context.Context, limit time.Duration, serial string, bases []string) (Info, string, error) {
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, timeoutError(fmt.Sprintf("no answer within %v", limit)))
		defer cancel()
	}
	info, base, err := c.readInfo(ctx, bases)
	if err == nil && serial != "" && info.Serial != serial {
		err = fmt.Errorf("%s: gateway %s %w %s", base, info.Serial, errOtherAnswers, serial)
	}
	return info, base, err
}

// Open reads /info of a gateway that was announced, at the first of its
// addresses that answers.
func (a Discovered) Open(ctx context.Context) (Info, string, error) {
	c := &Client{Timeout: tryIn}
	c.init()
	defer c.CloseIdle()
	return c.tryAll(ctx, []Discovered{a}, a.Serial)
}
