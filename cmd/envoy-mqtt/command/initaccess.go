package command

import (
	"fmt"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hint"
	"github.com/envoy-mqtt/envoy-mqtt/internal/prompt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/setup"
)

// askAccess asks for the access to the gateway and tries it.
func (i *interview) askAccess() error {
	i.Heading("Access to the gateway")
	if !i.NeedsToken {
		return i.askOwnUser()
	}
	i.Say("Firmware 7 and later requires an access token from Enphase.")
	i.Define("account", "e-mail and password of the Enphase account. Tokens are obtained and renewed automatically.")
	i.Define("token", "a token that you copy from "+setup.TokenPage+" once a year. Accounts with multi-factor authentication (MFA) need it.")
	words := []string{"account", "token"}
	if i.Gateway.Username == "" && i.Gateway.Token != "" {
		words = []string{"token", "account"}
	}
	how, err := i.SelectOne("Account or token", words...)
	if err != nil {
		return err
	}
	if how == "token" {
		return i.askToken()
	}
	return i.askAccount()
}

// askOwnUser asks for the user of a gateway whose firmware needs no token, until
// the gateway accepts it.
func (i *interview) askOwnUser() error {
	for {
		name, password, err := i.askUser("User name of the gateway", i.Gateway.Username, i.Gateway.Password)
		if err != nil {
			return err
		}
		i.Say("Reading the gateway …")
		err = i.UseOwnUser(i.Ctx, name, password)
		if err == nil {
			i.Say("The gateway gives its values.")
			return nil
		}
		i.Say("The gateway gives no values: %v", hint.Add(err))
		again, err := i.askAgain("it")
		if err != nil {
			return err
		}
		if !again {
			i.KeepAccess()
			return nil
		}
	}
}

// askAccount asks for the Enphase account and logs in, until that works or the user
// chooses another way.
func (i *interview) askAccount() error {
	for {
		username, err := i.Ask("E-mail of the Enphase account", i.Gateway.Username, prompt.Required)
		if err != nil {
			return err
		}
		password, err := i.AskSecret("Password", i.PresentPassword(username), prompt.Required)
		if err != nil {
			return err
		}
		if i.Serial != "" {
			i.Say("Obtaining a token …")
		}
		result := i.UseAccount(i.Ctx, username, password)
		if done, err := i.handleLogin(result); done || err != nil {
			return err
		}
	}
}

// handleLogin reports the result of a login. It returns false if the account is to
// be asked for again.
func (i *interview) handleLogin(r setup.LoginResult) (done bool, err error) {
	if r.Outcome == setup.LoginSkipped {
		return true, nil
	}
	i.Say("%s", r.Text())
	switch {
	case r.Outcome == setup.LoginOK && r.Access == nil:
		i.Say("The gateway accepts the token.")
		return true, nil
	case r.Outcome == setup.LoginOK:
		i.Say("The gateway gives no values: %v", hint.Add(r.Access))
		return true, nil
	case r.Outcome == setup.LoginMFA:
		return true, i.askToken()
	case r.Outcome == setup.LoginRejected && r.AttemptsLeft > 0:
		return false, nil
	}
	words := []string{"again", "token", "continue"}
	if r.Outcome != setup.LoginFailed {
		words = []string{"continue", "token"}
	}
	how, err := i.SelectOne(fmt.Sprintf("Paste a token instead, or continue without one%s", wordList(words)), words...)
	switch {
	case err != nil:
		return false, err
	case how == "token":
		return true, i.askToken()
	case how == "continue":
		i.KeepAccess()
		return true, nil
	}
	return false, nil
}

// askToken asks for a token, in place of an account, until the gateway accepts it.
func (i *interview) askToken() error {
	i.Say("Log in at %s, choose the system and the gateway, and copy the token.", setup.TokenPage)
	for {
		token, err := i.AskSecret("Token", i.Gateway.Token.Reveal(), func(text string) (string, error) {
			_, err := enlighten.Parse(text)
			return text, err
		})
		if err != nil {
			return err
		}
		if i.Serial != "" {
			i.Say("Trying the token …")
		}
		claims, err := i.UseToken(i.Ctx, token)
		switch {
		case err != nil:
			i.Say("The token was not accepted: %v", err)
		case i.Serial == "":
			return nil
		default:
			i.Say("The gateway accepts the token. It is valid until %s; paste the next one with envoy-mqtt token --paste.", claims.Expires.Local().Format("2006-01-02"))
			return nil
		}
	}
}
