package envoy

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An Info is what a gateway says of itself to anyone, at /info. It changes
// when firmware is pushed or the gateway is replaced.
type Info struct {
	Serial     string
	PartNumber string    // such as 800-00654-r08
	Firmware   string    // with its letter, such as D8.3.5167
	Metered    bool      // the hardware has a meter; says nothing about CTs
	NeedsToken bool      // firmware 7 and later
	Time       time.Time // the gateway's clock; zero when it tells none
}

// serial is what may become an MQTT topic level.
var serial = regexp.MustCompile(`^[A-Za-z0-9]{6,32}$`)

// ValidSerial reports whether s may be the serial number of a gateway.
func ValidSerial(s string) bool { return serial.MatchString(s) }

// AtLeast reports whether the firmware is version or newer, such as 8.2.4264.
func (i Info) AtLeast(version ...int) bool { return slices.Compare(i.version(), version) >= 0 }

// version returns the numbers of the firmware's name, without its letter
// (D, R and M have been seen).
func (i Info) version() []int {
	var v []int
	for part := range strings.SplitSeq(strings.TrimLeft(i.Firmware, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			break
		}
		v = append(v, n)
	}
	return v
}

// maxInfo bounds /info, which has some 2 kB: elements within elements by the
// million take a hundred times their size in memory.
const maxInfo = 64 << 10

// parseInfo reads the XML of /info.
func parseInfo(body []byte) (Info, error) {
	var doc struct {
		XMLName xml.Name `xml:"envoy_info"`
		Time    string   `xml:"time"`
		Device  struct {
			Serial     string `xml:"sn"`
			PartNumber string `xml:"pn"`
			Software   string `xml:"software"`
			IMeter     string `xml:"imeter"`
		} `xml:"device"`
		WebTokens string `xml:"web-tokens"`
	}
	if len(body) > maxInfo {
		return Info{}, &formatError{fmt.Errorf("%w: /info has %d bytes", ErrNotGateway, len(body))}
	}
	dec := xml.NewDecoder(bytes.NewReader(body))
	dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // what is read is ASCII in any
	if err := dec.Decode(&doc); err != nil {
		return Info{}, &formatError{fmt.Errorf("%w: /info: %w", ErrNotGateway, err)}
	}
	info := Info{
		Serial:     strings.TrimSpace(doc.Device.Serial),
		PartNumber: clip(doc.Device.PartNumber),
		Firmware:   clip(doc.Device.Software),
		Metered:    strings.TrimSpace(doc.Device.IMeter) == "true",
	}
	if t, err := strconv.ParseInt(strings.TrimSpace(doc.Time), 10, 64); err == nil && t > 0 {
		info.Time = time.Unix(t, 0).UTC()
	}
	if !ValidSerial(info.Serial) {
		return Info{}, fmt.Errorf("/info: %.40q %w", info.Serial, errBadSerial)
	}
	info.NeedsToken = info.AtLeast(7)
	if said := strings.TrimSpace(doc.WebTokens); said != "" {
		info.NeedsToken = said == "true"
	}
	return info, nil
}

// clip makes a word that the gateway says fit for a topic, a log and a page.
func clip(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, strings.TrimSpace(s))
	return s[:min(len(s), 64)]
}

// notGateway are statuses that no gateway answers for /info, which each firmware
// has and shows to anyone.
var notGateway = []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed}

// readInfo reads /info from the first of the base URLs that answers as a
// gateway. http is tried after https, because firmware before 7 has only port
// 80 and firmware from D8.3.5286 on only port 443. After a timeout where the
// gateway answered last nothing else is tried: it hangs.
func (c *Client) readInfo(ctx context.Context, bases []string) (Info, string, error) {
	c.mu.Lock()
	last := c.found
	c.mu.Unlock()
	var errs []error
	for _, base := range bases {
		info, err := parsed(func(fits fits) ([]byte, error) { return c.get(ctx, base, "/info", "", fits) }, parseInfo)
		if err == nil {
			return info, base, nil
		}
		if ctx.Err() != nil || base == last && FailureOf(err) == FailureTimeout {
			return Info{}, "", err
		}
		if e, ok := errors.AsType[*StatusError](err); ok && slices.Contains(notGateway, e.Code) {
			err = fmt.Errorf("%s: %w: %w", base, ErrNotGateway, err)
		}
		errs = append(errs, err)
	}
	return Info{}, "", mostTelling(errs)
}

// mostTelling returns the error worth showing. After https has failed, that
// http is refused as well tells nothing.
func mostTelling(errs []error) error {
	if i := slices.IndexFunc(errs, func(err error) bool { return errors.Is(err, ErrNotGateway) }); i >= 0 {
		return errs[i]
	}
	for _, err := range errs[1:] {
		if _, ok := errors.AsType[*StatusError](err); ok {
			return errors.Join(errs...)
		}
	}
	return errs[0]
}
