package envoy

import (
	"context"
	"errors"
	"fmt"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// A pvChooser decides where production comes from, for as long as the session
// lasts: a counter whose source changes jumps by megawatt-hours.
type pvChooser struct {
	*gateway
	setup *meterSetup
}

// decide sets the layout's source of production: the CT if there is one, else
// /api/v1/production unless it is broken, else the inverters' sum (the order of
// pyenphase and of evcc).
func (p *pvChooser) decide(ctx context.Context, r *reading) error {
	if r.meter(Production) != nil {
		p.layout.pv = pvByCT
		return nil
	}
	if p.req.Metered && !p.isKnownUnmetered() && p.setup.MayMeasure(ctx, Production) && p.confirmation.mayReappear() {
		return &SkippedError{"production, whose CT may be enabled, is missing in the response"}
	}
	if !p.isAPIStale() {
		_, err := p.readAPI(ctx)
		if err == nil {
			p.layout.pv = pvByAPI
			return nil
		}
		if !auth.IsUnsupported(err) && !errors.Is(err, errAPIZero) {
			return err // not available at this moment, which decides nothing
		}
		if !r.hasInverters && len(r.meters) == 0 {
			return p.unreadable(err)
		}
	}
	p.layout.pv = pvUnmeasured
	if r.hasInverters {
		p.layout.pv = pvByInverters
	}
	return nil
}

// isKnownUnmetered reports whether an earlier session found no production meter.
func (p *pvChooser) isKnownUnmetered() bool {
	known := p.memory.lastLayout().pv
	return known != pvUndecided && known != pvByCT
}

// isAPIStale reports whether /api/v1/production has the noise of the production CT that
// is not enabled: so it is from 8.2.4264 on where the hardware has a meter.
func (p *pvChooser) isAPIStale() bool { return p.req.Metered && p.req.AtLeast(8, 2, 4264) }

// isMissing reports whether err means that the gateway does not have the path for any
// reader.
func isMissing(err error) bool {
	return auth.IsUnsupported(err) && !errors.Is(err, auth.ErrUnauthorized)
}

func (p *pvChooser) unreadable(err error) error {
	if !p.req.AtLeast(4) && isMissing(err) {
		return fmt.Errorf("firmware %s can be read only as a web page, which is not supported (%w); ask Enphase support for 3.9 or newer", p.req.Firmware, err)
	}
	return err
}

// channel returns production by the inverters' reports where the layout has it
// from these, or nil.
func (p *pvChooser) channel(ctx context.Context, r *reading) (*Channel, error) {
	switch p.layout.pv {
	case pvByAPI:
		return p.readAPI(ctx)
	case pvByInverters:
		if !r.hasInverters {
			return nil, &SkippedError{"the inverters, read before, are missing in the response"}
		}
		if wh, ok := r.inverters.Get(Energy); ok && wh == 0 {
			return nil, &SkippedError{"every number of the inverters is zero"}
		}
		return &r.inverters, nil
	}
	return nil, nil
}

func (p *pvChooser) readAPI(ctx context.Context) (*Channel, error) {
	c, err := auth.Get(ctx, p.req, apiPath, parseAPI)
	return &c, err
}

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
