package limiter

import (
	"context"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/powerlimit"
	"github.com/envoy-mqtt/envoy-mqtt/internal/limit"
)

// requestTimeout limits a request, which is several at the gateway. A command is not
// carried out long after it was sent.
const requestTimeout = 20 * time.Second

// A Request reads or changes a setting in a goroutine of its own. The event loop
// calls the function that it returns.
type Request func(context.Context) (handle func())

// request returns the request of a Read or Write.
func (l *Limiter) request(a limit.Action) Request {
	machine := l.machine
	if l.writer == nil {
		l.writer = l.config.Writer(l.serial)
	}
	return func(ctx context.Context) func() {
		ctx, cancel := context.WithTimeout(ctx, requestTimeout)
		defer cancel()
		if a.Kind == limit.Write {
			err := l.write(ctx, a)
			return func() { machine.OnWritten(err, time.Now()); l.report() }
		}
		r, publish, err := l.read(ctx, a.Lever)
		return func() {
			if err == nil {
				publish()
			}
			r.Firmware = l.firmware
			machine.OnRead(r, err, time.Now())
			l.report()
		}
	}
}

// read reads a setting. publish publishes it.
func (l *Limiter) read(ctx context.Context, lever limit.Lever) (r limit.Reading, publish func(), err error) {
	if lever == limit.Switch {
		isOff, err := l.writer.ProductionOff(ctx)
		return readSwitch(isOff), func() { l.output.PublishSwitch(isOff) }, err
	}
	p, err := l.writer.PowerLimit(ctx)
	return readLimit(p), func() { l.output.PublishLimit(p) }, err
}

func (l *Limiter) write(ctx context.Context, a limit.Action) error {
	if a.Lever == limit.Switch {
		return l.writer.SetProductionOff(ctx, a.Setting.Off)
	}
	return l.writer.SetPowerLimit(ctx, powerlimit.Limit{Active: a.Setting.Active, Export: a.Setting.Export, Power: a.Setting.Watts})
}

func readLimit(p powerlimit.Limit) limit.Reading {
	return limit.Reading{Setting: limit.Setting{Active: p.Active, Export: p.Active && p.Export, Watts: p.Power}, Dynamic: p.Dynamic}
}

func readSwitch(isOff bool) limit.Reading { return limit.Reading{Setting: limit.Setting{Off: isOff}} }
