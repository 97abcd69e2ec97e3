package powerlimit

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/transport"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// Errors of a [Writer]. After one of them nothing was written. After another
// error of a write the setting may have changed: read it back.
var (
	// ErrNeedsInstaller reports a token without the installer's role.
	ErrNeedsInstaller = errors.New("needs installer role")
	// ErrUnknownLayout reports a setting that is not in the known format.
	ErrUnknownLayout = errors.New("the gateway has this setting in an unknown format")
	// ErrFirmwareChanged reports another firmware than at the previous call. The
	// next call accepts it.
	ErrFirmwareChanged = errors.New("the firmware of the gateway has changed")
	// ErrOtherGateway reports that another gateway answers than the expected one.
	ErrOtherGateway = errors.New("another gateway answers")
)

// A Writer reads and changes what limits the power of one gateway, with an
// installer's token. It has a client, and so a connection, a session cookie and a
// token, of its own: a session with a higher role ends the owner's at the gateway.
// The connection is closed after each call. Its methods are not for concurrent
// use, and the gateway must receive no other request meanwhile.
//
// All methods return [ErrNeedsInstaller] for a token without the role,
// [envoy.ErrUnsupported] for a gateway that does not have the setting, or the errors
// above.
type Writer struct {
	// Client has the installer's tokens and is used for nothing else.
	Client *envoy.Client
	// Serial is the only gateway to change; empty for any.
	Serial string

	firmware string // at the previous call
}

// PowerLimit reads the limit.
func (w *Writer) PowerLimit(ctx context.Context) (Limit, error) {
	s, err := w.open(ctx)
	if err != nil {
		return Limit{}, err
	}
	defer w.Client.CloseIdle()
	doc, err := readSetting(ctx, s, LimitPath, parseDocument)
	return doc.limit.turned(s.Info), err
}

// SetPowerLimit writes the limit. A slew rate that l does not have stays as it is.
func (w *Writer) SetPowerLimit(ctx context.Context, l Limit) error {
	if !isPower(l.Power) {
		return fmt.Errorf("%v W is no limit", l.Power)
	}
	s, err := w.open(ctx)
	if err != nil {
		return err
	}
	defer w.Client.CloseIdle()
	doc, err := readSetting(ctx, s, LimitPath, parseDocument)
	if err != nil {
		return err
	}
	return write(ctx, s, transport.Request{Path: LimitPath, Body: doc.with(l.turned(s.Info))})
}

// ProductionOff reads whether all inverters are switched off.
func (w *Writer) ProductionOff(ctx context.Context) (bool, error) {
	s, err := w.open(ctx)
	if err != nil {
		return false, err
	}
	defer w.Client.CloseIdle()
	return readSetting(ctx, s, SwitchPath, parseSwitch)
}

// SetProductionOff switches all inverters off or on. They come back slowly, some
// only the next day.
func (w *Writer) SetProductionOff(ctx context.Context, off bool) error {
	s, err := w.open(ctx)
	if err != nil {
		return err
	}
	defer w.Client.CloseIdle()
	if _, err := readSetting(ctx, s, SwitchPath, parseSwitch); err != nil {
		return err
	}
	body := `{"length":1,"arr":[0]}`
	if off {
		body = `{"length":1,"arr":[1]}`
	}
	return write(ctx, s, transport.Request{Path: SwitchPath, Body: body, FormPut: true})
}

// open reads /info, which shows which gateway answers with which firmware.
func (w *Writer) open(ctx context.Context) (*envoy.Session, error) {
	s, err := w.Client.Open(ctx)
	if err != nil {
		return nil, err
	}
	was := w.firmware
	switch {
	case w.Serial != "" && s.Serial != w.Serial:
		err = fmt.Errorf("%w: %s, not %s", ErrOtherGateway, s.Serial, w.Serial)
	case !s.NeedsToken:
		err = fmt.Errorf("firmware %s: %w", s.Firmware, envoy.ErrUnsupported)
	case was != "" && was != s.Firmware:
		w.firmware = s.Firmware
		err = fmt.Errorf("%w, from %s to %s", ErrFirmwareChanged, was, s.Firmware)
	case w.Client.Tokens == nil:
		err = ErrNeedsInstaller
	}
	if err != nil {
		w.Client.CloseIdle()
		return nil, err
	}
	w.firmware = s.Firmware
	return s, nil
}

// readSetting reads path. A gateway that does not have it answers 404, 503, or 200
// with an error.
func readSetting[T any](ctx context.Context, s *envoy.Session, path string, parse func([]byte) (T, error)) (T, error) {
	v, err := auth.Get(ctx, s.Requester(), path, parse)
	if _, other := errors.AsType[*wire.FormatError](err); other && !errors.Is(err, envoy.ErrUnsupported) {
		err = fmt.Errorf("%w: %w", ErrUnknownLayout, err)
	}
	status, ok := errors.AsType[*transport.StatusError](err)
	_, page := errors.AsType[*wire.HTMLError](err)
	if page || ok && (status.Code == http.StatusServiceUnavailable || status.Code >= 300 && status.Code < 500) {
		err = fmt.Errorf("%w: %w", envoy.ErrUnsupported, err)
	}
	return v, asRole(err)
}

// write sends a change.
func write(ctx context.Context, s *envoy.Session, r transport.Request) error {
	var answer error
	r.Accept = func(body []byte) bool {
		answer = parseWritten(r.Path, body)
		return true
	}
	err := s.Requester().Send(ctx, r)
	return asRole(errors.Join(err, answer))
}

// asRole adds [ErrNeedsInstaller] to an error about a path that the gateway refuses
// to a token that is good.
func asRole(err error) error {
	if errors.Is(err, auth.ErrPathRefused) {
		return fmt.Errorf("%w: %w", ErrNeedsInstaller, err)
	}
	return err
}
