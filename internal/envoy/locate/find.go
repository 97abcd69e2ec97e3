package locate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/transport"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// Auto as a host has the gateway found by multicast DNS. What was
// announced only proposes an address: the gateway is the one whose /info has
// the serial number that is looked for. Once one has answered it is the one.
const Auto = "auto"

// ReadInfo reads /info at base.
func ReadInfo(ctx context.Context, sender *transport.Sender, base string) (Info, error) {
	var info Info
	var err error
	failed := sender.Send(ctx, transport.Request{Base: base, Path: "/info", Accept: func(body []byte) bool {
		info, err = ParseInfo(body)
		return wire.HasFormat(err)
	}})
	if failed != nil {
		return Info{}, failed
	}
	return info, err
}

// A Finder finds a gateway and reads its /info.
type Finder struct {
	HTTP *transport.Sender
	// TLSOnly forbids requests without TLS.
	TLSOnly bool
	// Last is the URL at which the gateway answered last; empty for none.
	Last string
	// Discover, if not nil, replaces multicast DNS. If serial is not empty, it may
	// return as soon as that gateway has answered.
	Discover func(ctx context.Context, serial string) ([]Discovered, error)
}

// Find reads /info where the gateway is, or is found, and returns it with the URL
// that answered. For [Auto], serial is that of
// the gateway that is meant, or else known that of the one that answered last.
func (f *Finder) Find(ctx context.Context, host, serial, known string) (Info, string, error) {
	if !strings.EqualFold(host, Auto) {
		bases, err := f.urls(host)
		if err != nil {
			return Info{}, "", err
		}
		return f.readFirst(ctx, bases)
	}
	serial = cmp.Or(serial, known)
	if f.Last != "" { // it usually still answers there
		if info, base, err := f.identify(ctx, probeTimeout, serial, []string{f.Last}); err == nil {
			return info, base, nil
		}
		f.HTTP.CloseIdle()
	}
	search := f.Discover
	if search == nil {
		search = discover
	}
	found, err := search(ctx, serial)
	if err != nil {
		return Info{}, "", fmt.Errorf("look for the gateway: %w", err)
	}
	possible, err := candidates(found, serial)
	if err != nil {
		return Info{}, "", fmt.Errorf("look for the gateway: %w", err)
	}
	return f.probeAll(ctx, possible, serial)
}

// urls returns the URLs under which the gateway at host may be, most likely first.
func (f *Finder) urls(host string) ([]string, error) {
	host = strings.TrimSpace(host)
	if host == "" {
		return nil, errors.New("no host name or address of the gateway")
	}
	if strings.Contains(host, "://") {
		u, err := url.Parse(host)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, fmt.Errorf("host %q: neither a name, an address nor an http or https URL", host)
		}
		if u.Scheme == "http" && f.TLSOnly {
			return nil, fmt.Errorf("host %q: http has no certificate that could be verified", host)
		}
		return []string{u.Scheme + "://" + strings.ReplaceAll(u.Host, "%", "%25")}, nil // the delimiter of an IPv6 zone
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.Is6() {
		host = "[" + strings.ReplaceAll(host, "%", "%25") + "]"
	}
	if f.TLSOnly {
		return []string{"https://" + host}, nil
	}
	return []string{"https://" + host, "http://" + host}, nil
}

// notGateway are statuses that no gateway answers for /info, which each firmware
// has and shows to anyone.
var notGateway = []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed}

// readFirst reads /info from the first of the base URLs that answers as a
// gateway. http is tried after https, because firmware before 7 has only port
// 80 and firmware from D8.3.5286 on only port 443. After a timeout where the
// gateway answered last nothing else is tried: it hangs.
func (f *Finder) readFirst(ctx context.Context, bases []string) (Info, string, error) {
	var errs []error
	for _, base := range bases {
		info, err := ReadInfo(ctx, f.HTTP, base)
		if err == nil {
			return info, base, nil
		}
		if ctx.Err() != nil || base == f.Last && transport.IsTimeout(err) {
			return Info{}, "", err
		}
		if e, ok := errors.AsType[*transport.StatusError](err); ok && slices.Contains(notGateway, e.Code) {
			err = fmt.Errorf("%s: %w: %w", base, ErrNotGateway, err)
		}
		errs = append(errs, err)
	}
	return Info{}, "", bestError(errs)
}

// bestError returns the error worth showing. After https has failed, that http
// is refused as well adds nothing.
func bestError(errs []error) error {
	if i := slices.IndexFunc(errs, func(err error) bool { return errors.Is(err, ErrNotGateway) }); i >= 0 {
		return errs[i]
	}
	for _, err := range errs[1:] {
		if _, ok := errors.AsType[*transport.StatusError](err); ok {
			return errors.Join(errs...)
		}
	}
	return errs[0]
}
