package envoy

import (
	"errors"
	"fmt"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// apiPath has the power and the lifetime energy of all inverters together.
const apiPath = "/api/v1/production"

// parseAPI reads /api/v1/production, which every firmware but the very oldest
// has: the sum of the inverters, about every five minutes.
func parseAPI(body []byte) (Channel, error) {
	var doc struct {
		WattsNow           wire.Number `json:"wattsNow"`
		WattHoursToday     wire.Number `json:"wattHoursToday"`
		WattHoursSevenDays wire.Number `json:"wattHoursSevenDays"`
		WattHoursLifetime  wire.Number `json:"wattHoursLifetime"`
	}
	if err := wire.Decode(apiPath, body, &doc); err != nil {
		return Channel{}, err
	}
	var c Channel
	if doc.WattsNow.Kind == wire.Absent && doc.WattHoursLifetime.Kind == wire.Absent {
		return c, wire.FormatErrorf("%s: wattsNow and wattHoursLifetime are missing", apiPath)
	}
	if doc.WattsNow.Kind != wire.Numeric || doc.WattHoursLifetime.Kind != wire.Numeric {
		return c, fmt.Errorf("%s: wattsNow or wattHoursLifetime %w", apiPath, errNotNumber)
	}
	if doc.WattHoursLifetime.Value == 0 && doc.WattHoursToday.Value == 0 && doc.WattHoursSevenDays.Value == 0 {
		return c, errAPIZero
	}
	c.Set(Energy, doc.WattHoursLifetime.Value/1e3)
	if err := c.setPower("wattsNow", doc.WattsNow, 1); err != nil {
		return c, fmt.Errorf("%s: %w", apiPath, err)
	}
	return c, nil
}

// errAPIZero is an answer of zeros: broken on metered systems (7.3.466,
// 8.3.1598), and given by firmware 3.x in its first minutes.
var errAPIZero = errors.New(apiPath + ": every counter is zero")
