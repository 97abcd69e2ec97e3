package main

import (
	"cmp"
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// A setup has the steps of an installation: reach the gateway, log in, try the
// broker, write the configuration. A step neither asks nor prints and returns what
// it found, so that any user interface can use it.
type setup struct {
	stateDir string
	cloud    *enlighten.Cloud
}

func newSetup(cfg config.Config, environ []string) setup {
	return setup{
		stateDir: cfg.StateDir(environ),
		cloud:    &enlighten.Cloud{LoginURL: cfg.Enlighten.LoginURL, TokenURL: cfg.Enlighten.TokenURL},
	}
}

// reachTimeout limits each request to a gateway that a user has just entered.
const reachTimeout = 10 * time.Second

// A reachedGateway is a gateway that has answered.
type reachedGateway struct {
	Serial, Firmware, URL string
	NeedsToken            bool
}

// reachGateway reads the identity of a gateway. It needs no access to it.
func (s setup) reachGateway(ctx context.Context, g config.Gateway) (reachedGateway, error) {
	g.Timeout = reachTimeout
	client := newClient(g, nil)
	client.Serial = g.Serial
	defer client.CloseIdle()
	session, err := client.Open(ctx)
	if err != nil {
		return reachedGateway{}, err
	}
	return reachedGateway{session.Serial, session.Firmware, session.URL(), session.NeedsToken}, nil
}

// tryAccess reads a sample with the token of tokens, or with the gateway's own
// user if its firmware needs no token. A sample that is discarded is no error.
func tryAccess(ctx context.Context, g config.Gateway, serial string, tokens envoy.TokenSource) error {
	client := newClient(g, tokens)
	client.Serial = serial
	defer client.CloseIdle()
	session, err := client.Open(ctx)
	if err == nil {
		_, err = session.Sample(ctx)
	}
	if _, skipped := errors.AsType[*envoy.SkippedError](err); skipped {
		return nil
	}
	return err
}

// A loginOutcome is the result of a login at Enphase.
type loginOutcome int

const (
	loginFailed    loginOutcome = iota // no connection, no token, or another error
	loginOK                            // there is a token
	loginRejected                      // wrong user name or password
	loginSuspended                     // too many rejected logins: no login until the user confirms
	loginMFA                           // the account has multi-factor authentication
)

// A loginResult is the result of [setup.logIn].
type loginResult struct {
	Outcome      loginOutcome
	Err          error // nil for loginOK
	AttemptsLeft int   // rejected logins before the account is suspended
	Token        enlighten.Status
	Access       error // why the gateway did not give a sample with the token
}

// logIn obtains a token for the gateway with the account of g, stores it, and tries
// it. If verify is false, a usable stored token serves as well and no login is made.
func (s setup) logIn(ctx context.Context, g config.Gateway, serial string, verify bool) loginResult {
	tokens := &enlighten.Source{
		Account: enlighten.Account{Username: g.Username, Password: g.Password.Reveal()},
		Cloud:   s.cloud,
		Store:   &enlighten.Store{Dir: s.stateDir},
	}
	defer tokens.Close()
	tokens.Load(serial)
	if verify || tokens.Status().State != enlighten.StateOK {
		if err := tokens.LogIn(ctx, serial); err != nil {
			return loginResult{Outcome: outcomeOf(err), Err: err, AttemptsLeft: tokens.Status().AttemptsLeft}
		}
	}
	access := tryAccess(ctx, g, serial, tokens)
	return loginResult{Outcome: loginOK, Token: tokens.Status(), Access: access}
}

// outcomeOf returns the outcome of a login with the error err.
func outcomeOf(err error) loginOutcome {
	_, suspended := errors.AsType[*enlighten.SuspendedError](err)
	_, paused := errors.AsType[*enlighten.PausedError](err)
	switch {
	case errors.Is(err, enlighten.ErrMFA):
		return loginMFA
	case suspended:
		return loginSuspended
	case paused: // the same password within a minute
		return loginFailed
	case errors.Is(err, enlighten.ErrPassword):
		return loginRejected
	}
	return loginFailed
}

// writeConfig writes the keys that differ between present and next to the file at
// path, and leaves its other lines as they are. If isNew, the file is replaced.
func (s setup) writeConfig(path string, isNew bool, present, next config.Config) error {
	text := "# Written by envoy-mqtt init. It contains passwords: only its owner may read it."
	if !isNew {
		data, err := state.ReadFile(path, state.MaxFileSize)
		if err != nil {
			return err
		}
		text = string(data)
	}
	file := config.EditINI(text)
	withUser := strings.Contains(file.Get("MQTT", "URL"), "@") // its user would be lost with another URL
	old, g := present.Gateways[0], next.Gateways[0]
	for _, k := range []struct{ section, key, old, value string }{
		{g.Section, "HOST", old.Host, g.Host},
		{g.Section, "SERIAL", old.Serial, g.Serial},
		{g.Section, "USERNAME", old.Username, g.Username},
		{g.Section, "PASSWORD", old.Password.Reveal(), g.Password.Reveal()},
		{g.Section, "TOKEN", old.Token.Reveal(), g.Token.Reveal()},
		{"MQTT", "URL", brokerURL(present.MQTT), brokerURL(next.MQTT)},
		{"MQTT", "USERNAME", present.MQTT.Username, next.MQTT.Username},
		{"MQTT", "PASSWORD", present.MQTT.Password.Reveal(), next.MQTT.Password.Reveal()},
		{"MQTT", "CA_FILE", present.MQTT.CAFile, next.MQTT.CAFile},
	} {
		if k.old != k.value || isNew && k.value != "" || withUser && k.section == "MQTT" {
			file.Set(k.section, k.key, k.value)
		}
	}
	return state.WriteFileAtomic(path, []byte(file.Text()))
}

// brokerURL returns the broker's address, empty if Home Assistant's Supervisor
// knows it.
func brokerURL(m config.MQTT) string {
	if m.URL == nil || m.Supervisor != "" {
		return ""
	}
	return m.URL.String()
}

// presentConfig returns the configuration to begin with: the file of from, or the
// defaults if it does not exist. An error is about the content of the file.
func presentConfig(from config.Sources) (cfg config.Config, exists bool, err error) {
	if _, statErr := os.Stat(from.File); statErr == nil {
		if cfg, err = config.Load(from); err == nil {
			return cfg, true, nil
		}
		exists = true
	}
	initial, initialErr := config.Initial(from.Environ)
	return initial, exists, cmp.Or(err, initialErr)
}
