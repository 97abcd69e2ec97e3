package locate

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
	"github.com/envoy-mqtt/envoy-mqtt/internal/serialnumber"
)

// An Info is what a gateway reports of itself to anyone, at /info. It changes
// when firmware is pushed or the gateway is replaced.
type Info struct {
	Serial     string
	PartNumber string    // such as 800-00654-r08
	Firmware   string    // with its letter, such as D8.3.5167
	Metered    bool      // the hardware has a meter, with or without CTs
	NeedsToken bool      // firmware 7 and later
	Time       time.Time // the gateway's clock; zero if it reports none
}

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

// ParseInfo parses the XML of /info.
func ParseInfo(body []byte) (Info, error) {
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
		return Info{}, wire.FormatErrorf("%w: /info has %d bytes", ErrNotGateway, len(body))
	}
	dec := xml.NewDecoder(bytes.NewReader(body))
	dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // all fields that are read are ASCII in any charset
	if err := dec.Decode(&doc); err != nil {
		return Info{}, wire.FormatErrorf("%w: /info: %w", ErrNotGateway, err)
	}
	info := Info{
		Serial:     strings.TrimSpace(doc.Device.Serial),
		PartNumber: wire.Sanitize(doc.Device.PartNumber),
		Firmware:   wire.Sanitize(doc.Device.Software),
		Metered:    strings.TrimSpace(doc.Device.IMeter) == "true",
	}
	if t, err := strconv.ParseInt(strings.TrimSpace(doc.Time), 10, 64); err == nil && t > 0 {
		info.Time = time.Unix(t, 0).UTC()
	}
	if !serialnumber.IsGateway(info.Serial) {
		return Info{}, fmt.Errorf("/info: %.40q %w", info.Serial, errBadSerial)
	}
	info.NeedsToken = info.AtLeast(7)
	if tokens := strings.TrimSpace(doc.WebTokens); tokens != "" {
		info.NeedsToken = tokens == "true"
	}
	return info, nil
}

// ErrNotGateway reports that something other than a gateway answers.
var ErrNotGateway = errors.New("not an Envoy")

// errBadSerial is the same problem whatever is in the place of the number.
var errBadSerial = errors.New("cannot be a serial number (6 to 32 letters and digits)")
