package setup

import (
	"context"
	"errors"
	"fmt"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/gateway"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hint"
)

// TokenPage is where users copy a token.
const TokenPage = "https://entrez.enphaseenergy.com/"

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

// A LoginResult is the result of [Draft.UseAccount].
type LoginResult struct {
	Outcome      LoginOutcome
	Err          error // nil for LoginOK
	AttemptsLeft int   // rejected logins before the account is suspended
	Token        enlighten.Status
	Access       error // why the gateway did not give a sample with the token
}

// PresentPassword returns the password of the present account if username is its
// name, else "".
func (d *Draft) PresentPassword(username string) string {
	if old := d.Present.Gateways[0]; username == old.Username {
		return old.Password.Reveal()
	}
	return ""
}

// UseAccount logs in with an account, stores the token and tries it. A usable stored
// token of the present account serves as well.
func (d *Draft) UseAccount(ctx context.Context, username, password string) LoginResult {
	g := &d.Gateway
	g.Username, g.Password = username, config.Secret(password)
	d.problems[accessPart] = ""
	if d.Serial == "" {
		d.problems[accessPart] = "No login was made: a token is for one gateway, and its serial number is not known."
		return LoginResult{Outcome: LoginSkipped}
	}
	tokens := &enlighten.Source{
		Account: enlighten.Account{Username: username, Password: password},
		Cloud:   &enlighten.Cloud{LoginURL: d.Present.Enlighten.LoginURL, TokenURL: d.Present.Enlighten.TokenURL},
		Store:   &enlighten.Store{Dir: d.Present.General.StateDir},
	}
	defer tokens.Close()
	tokens.Load(d.Serial)
	if password != d.PresentPassword(username) || tokens.Status().State != enlighten.StateOK {
		if err := tokens.LogIn(ctx, d.Serial); err != nil {
			return LoginResult{Outcome: outcomeOf(err), Err: err, AttemptsLeft: tokens.Status().AttemptsLeft}
		}
	}
	r := LoginResult{Outcome: LoginOK, Access: gateway.TryAccess(ctx, *g, d.Serial, tokens)}
	r.Token = tokens.Status()
	g.Token = ""
	if r.Access != nil {
		d.problems[accessPart] = "The gateway gave no values with the token."
	}
	return r
}

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

// Text describes the result in sentences for the user. It contains no secret.
func (r LoginResult) Text() string {
	switch r.Outcome {
	case LoginOK:
		what := "Logged in."
		if r.Token.Origin == enlighten.Stored {
			what = "A token is stored, so that no login is needed."
		}
		return what + " The token is valid until " + r.Token.Expires.Local().Format("2006-01-02") + " and renewed automatically."
	case LoginMFA:
		return "The account has multi-factor authentication (MFA), which only you can pass."
	case LoginRejected:
		if r.AttemptsLeft > 0 {
			return "Enphase rejected the e-mail or the password. " + attempts(r.AttemptsLeft) + " before logins pause for 24 hours."
		}
		return "Enphase rejected the e-mail or the password for the third time. Logins pause for 24 hours, whatever the password, so that the account is not locked. " +
			"When you know the password, confirm it with envoy-mqtt token --renew."
	case LoginSkipped:
		return "No login was made."
	}
	return hint.Add(r.Err).Error()
}

// attempts returns how many attempts remain, as a sentence's beginning.
func attempts(n int) string {
	if n == 1 {
		return "1 attempt remains"
	}
	return fmt.Sprintf("%d attempts remain", n)
}

// KeepAccess keeps an account with which no token was obtained, or a user with whom the
// gateway gave no values.
func (d *Draft) KeepAccess() {
	if d.NeedsToken {
		d.problems[accessPart] = "There is no token from Enphase. With the right password in config.ini, run envoy-mqtt token --renew."
	} else {
		d.problems[accessPart] = "The gateway gave no values."
	}
}

// UseToken tries a token that a user has pasted, in place of an account, and returns
// what it claims. If the gateway was not reached, it is not tried.
func (d *Draft) UseToken(ctx context.Context, text string) (enlighten.Claims, error) {
	token, claims, err := gateway.ParseToken(text, d.Serial)
	if err != nil {
		return claims, err
	}
	g := &d.Gateway
	g.Username, g.Password, g.Token = "", "", config.Secret(token)
	d.problems[accessPart] = ""
	if d.Serial == "" {
		d.problems[accessPart] = "The token was not tried, because the gateway did not answer."
		return claims, nil
	}
	if err := gateway.TryAccess(ctx, *g, d.Serial, auth.StaticToken(token)); err != nil {
		g.Token = ""
		return claims, err
	}
	return claims, nil
}

// UseOwnUser tries a user of the gateway itself, whose firmware needs no token. An
// empty name is none.
func (d *Draft) UseOwnUser(ctx context.Context, name, password string) error {
	d.Gateway.Username, d.Gateway.Password = name, config.Secret(password)
	d.problems[accessPart] = ""
	return gateway.TryAccess(ctx, d.Gateway, d.Serial, nil)
}
