package setup

import (
	"cmp"
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/gateway"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// A Setup has the steps of an installation: reach the gateway, log in, try the
// broker, write the configuration. A step neither asks nor prints and returns what
// it found, so that any user interface can use it.
type Setup struct {
	StateDir string
	Cloud    *enlighten.Cloud
	TLSPort  string // usual port of MQTT over TLS; empty: 8883
}

// reachTimeout limits each request to a gateway that a user has just entered.
const reachTimeout = 10 * time.Second

// A ReachedGateway is a gateway that has answered.
type ReachedGateway struct {
	Serial, Firmware, URL string
	NeedsToken            bool
}

// ReachGateway reads the identity of a gateway. It needs no access to it.
func (s Setup) ReachGateway(ctx context.Context, g config.Gateway) (ReachedGateway, error) {
	g.Timeout = reachTimeout
	client := gateway.NewClient(g, nil)
	client.Serial = g.Serial
	defer client.CloseIdle()
	session, err := client.Open(ctx)
	if err != nil {
		return ReachedGateway{}, err
	}
	return ReachedGateway{session.Serial, session.Firmware, session.URL(), session.NeedsToken}, nil
}

// A LoginOutcome is the result of a login at Enphase.
type LoginOutcome int

// The results of a login.
const (
	LoginFailed    LoginOutcome = iota // no connection, no token, or another error
	LoginOK                            // there is a token
	LoginRejected                      // wrong user name or password
	LoginSuspended                     // too many rejected logins: no login until the user confirms
	LoginMFA                           // the account has multi-factor authentication
	LoginSkipped                       // no login was made, because the gateway is not known
)

// A LoginResult is the result of [Setup.LogIn].
type LoginResult struct {
	Outcome      LoginOutcome
	Err          error // nil for LoginOK
	AttemptsLeft int   // rejected logins before the account is suspended
	Token        enlighten.Status
	Access       error // why the gateway did not give a sample with the token
}

// LogIn obtains a token for the gateway with the account of g, stores it, and tries
// it. If verify is false, a usable stored token serves as well and no login is made.
func (s Setup) LogIn(ctx context.Context, g config.Gateway, serial string, verify bool) LoginResult {
	tokens := &enlighten.Source{
		Account: enlighten.Account{Username: g.Username, Password: g.Password.Reveal()},
		Cloud:   s.Cloud,
		Store:   &enlighten.Store{Dir: s.StateDir},
	}
	defer tokens.Close()
	tokens.Load(serial)
	if verify || tokens.Status().State != enlighten.StateOK {
		if err := tokens.LogIn(ctx, serial); err != nil {
			return LoginResult{Outcome: outcomeOf(err), Err: err, AttemptsLeft: tokens.Status().AttemptsLeft}
		}
	}
	access := gateway.TryAccess(ctx, g, serial, tokens)
	return LoginResult{Outcome: LoginOK, Token: tokens.Status(), Access: access}
}

// outcomeOf returns the outcome of a login with the error err.
func outcomeOf(err error) LoginOutcome {
	_, suspended := errors.AsType[*enlighten.SuspendedError](err)
	_, paused := errors.AsType[*enlighten.PausedError](err)
	switch {
	case errors.Is(err, enlighten.ErrMFA):
		return LoginMFA
	case suspended:
		return LoginSuspended
	case paused: // the same password within a minute
		return LoginFailed
	case errors.Is(err, enlighten.ErrPassword):
		return LoginRejected
	}
	return LoginFailed
}

// WriteConfig writes the keys that differ between present and next to the file at
// path, and leaves its other lines as they are. If isNew, the file is replaced.
func (s Setup) WriteConfig(path string, isNew bool, present, next config.Config) error {
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
		{"MQTT", "URL", BrokerURL(present.MQTT), BrokerURL(next.MQTT)},
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

// BrokerURL returns the broker's address, empty if Home Assistant's Supervisor
// knows it.
func BrokerURL(m config.MQTT) string {
	if m.URL == nil || m.Supervisor != "" {
		return ""
	}
	return m.URL.String()
}

// PresentConfig returns the configuration to begin with: the file of from, or the
// defaults if it does not exist. An error is about the content of the file.
func PresentConfig(from config.Sources) (cfg config.Config, exists bool, err error) {
	if _, statErr := os.Stat(from.File); statErr == nil {
		if cfg, err = config.Load(from); err == nil {
			return cfg, true, nil
		}
		exists = true
	}
	initial, initialErr := config.Initial(from.Environ)
	return initial, exists, cmp.Or(err, initialErr)
}
