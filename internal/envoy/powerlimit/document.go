package powerlimit

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// The envelope of the limit's settings in every known firmware.
const (
	filename = "site_settings"
	version  = "00.00.01"
)

// defaultSlewRate is written where the gateway reports none.
const defaultSlewRate = 100

// A document is the answer of LimitPath. Fields that are not known are
// written as they were read.
type document struct {
	limit              Limit // as the gateway has it
	envelope, settings map[string]json.RawMessage
}

const settingsField = "dynamic_pel_settings"

func parseDocument(body []byte) (document, error) {
	limit, err := parseLimit(body)
	if err != nil {
		return document{}, err
	}
	d := document{limit: limit}
	var envelope struct{ Filename, Version wire.String }
	if err := wire.DecodeObject(LimitPath, body, &envelope); err != nil {
		return document{}, err
	}
	if envelope.Filename != filename || envelope.Version != version {
		return document{}, wire.FormatErrorf("%s: filename and version are not %s and %s", LimitPath, filename, version)
	}
	if err := wire.Decode(LimitPath, body, &d.envelope); err != nil {
		return document{}, err
	}
	if err := wire.Decode(LimitPath, d.envelope[settingsField], &d.settings); err != nil {
		return document{}, err
	}
	return d, nil
}

// with returns the document that changes the limit to l. The gateway requires
// decimal points. Without a limit the other settings are omitted, as other
// clients do.
func (d document) with(l Limit) string {
	settings := []jsonField{{"enable", strconv.FormatBool(l.Active)}}
	if l.Active {
		rate, ok := l.SlewRate.Or(d.limit.SlewRate).Get()
		if !ok {
			rate = defaultSlewRate
		}
		settings = append(settings,
			jsonField{"export_limit", strconv.FormatBool(l.Export)},
			jsonField{"limit_value_W", decimal(l.Power)},
			jsonField{"slew_rate", decimal(rate)},
			jsonField{"enable_dynamic_limiting", strconv.FormatBool(l.Dynamic)},
		)
		settings = withUnknown(settings, d.settings)
	}
	return object(withUnknown([]jsonField{
		{settingsField, object(settings)},
		{"filename", strconv.Quote(filename)},
		{"version", strconv.Quote(version)},
	}, d.envelope))
}

// A jsonField is a field of a JSON object.
type jsonField struct{ name, value string }

// withUnknown returns fields with those of all that it does not have.
func withUnknown(fields []jsonField, all map[string]json.RawMessage) []jsonField {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if !slices.ContainsFunc(fields, func(f jsonField) bool { return strings.EqualFold(f.name, name) }) {
			fields = append(fields, jsonField{name, string(all[name])})
		}
	}
	return fields
}

func object(fields []jsonField) string {
	texts := make([]string, len(fields))
	for i, f := range fields {
		name, _ := json.Marshal(f.name) // a string can always be encoded
		texts[i] = string(name) + ":" + f.value
	}
	return "{" + strings.Join(texts, ",") + "}"
}

// decimal returns v with a decimal point.
func decimal(v float64) string {
	s := strconv.FormatFloat(v, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// parseWritten returns the error of a gateway that answers a change with one.
func parseWritten(path string, body []byte) error {
	var answer struct {
		Error wire.String `json:"error"`
		Err   wire.String `json:"err"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil // the answer to a change is not used otherwise
	}
	if text := answer.Error + answer.Err; text != "" {
		return fmt.Errorf("%s: the gateway rejects the change: %s", path, text)
	}
	return nil
}
