package main

import (
	"fmt"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/prompt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/setup"
)

const tokenPage = "https://entrez.enphaseenergy.com/"

// askAccess asks for the access to the gateway and tries it.
func (i *interview) askAccess() error {
	i.Heading("Access to the gateway")
	if !i.needsToken {
		return i.askOwnUser()
	}
	i.Say("Firmware 7 and later requires an access token from Enphase.")
	i.Define("account", "e-mail and password of the Enphase account. Tokens are obtained and renewed automatically.")
	i.Define("token", "a token that you copy from "+tokenPage+" once a year. Accounts with multi-factor authentication (MFA) need it.")
	words := []string{"account", "token"}
	if i.gateway.Username == "" && i.gateway.Token != "" {
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

// askAccount asks for the Enphase account and logs in, until that works or the user
// chooses another way.
func (i *interview) askAccount() error {
	for {
		g := i.gateway
		username, err := i.Ask("E-mail of the Enphase account", g.Username, prompt.Required)
		if err != nil {
			return err
		}
		present := ""
		if old := i.present.Gateways[0]; username == old.Username {
			present = old.Password.Reveal()
		}
		password, err := i.AskSecret("Password", present, prompt.Required)
		if err != nil {
			return err
		}
		g.Username, g.Password = username, config.Secret(password)
		if i.serial == "" {
			i.keep("No login was made: a token is for one gateway, and its serial number is not known.")
			return nil
		}
		i.Say("Logging in at Enphase …")
		result := i.LogIn(i.Ctx, *g, i.serial, password != present)
		if done, err := i.handleLogin(result); done || err != nil {
			return err
		}
	}
}

// handleLogin reports the result of a login. It returns false if the account is to
// be asked for again.
func (i *interview) handleLogin(r setup.LoginResult) (done bool, err error) {
	switch r.Outcome {
	case setup.LoginOK:
		i.reportToken(r)
		return true, nil
	case setup.LoginMFA:
		i.Say("The account has multi-factor authentication (MFA), which only you can pass.")
		return true, i.askToken()
	case setup.LoginRejected:
		if r.AttemptsLeft > 0 {
			i.Say("Enphase rejected the e-mail or the password. %s before logins pause for 24 hours.", attempts(r.AttemptsLeft))
			return false, nil
		}
		i.Say("Enphase rejected the e-mail or the password for the third time. Logins pause for 24 hours, whatever the password, so that the account is not locked. " +
			"When you know the password, confirm it with envoy-mqtt token --renew.")
	default:
		i.Say("%v", withHint(r.Err))
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
		i.keep("There is no token from Enphase. With the right password in config.ini, run envoy-mqtt token --renew.")
		return true, nil
	}
	return false, nil
}

// reportToken prints the token that a login has returned.
func (i *interview) reportToken(r setup.LoginResult) {
	i.gateway.Token = ""
	what := "Logged in."
	if r.Token.Origin == enlighten.Stored {
		what = "A token is stored, so that no login is needed."
	}
	i.Say("%s The token is valid until %s and renewed automatically.", what, r.Token.Expires.Local().Format("2006-01-02"))
	if r.Access == nil {
		i.Say("The gateway accepts the token.")
		return
	}
	i.Say("The gateway gives no values: %v", withHint(r.Access))
	i.keep("The gateway gave no values with the token.")
}

// askToken asks for a token, in place of an account, until the gateway accepts it.
func (i *interview) askToken() error {
	i.gateway.Username, i.gateway.Password = "", ""
	i.Say("Log in at %s, choose the system and the gateway, and copy the token.", tokenPage)
	for {
		token, err := i.AskSecret("Token", i.gateway.Token.Reveal(), func(text string) (string, error) {
			_, err := enlighten.Parse(text)
			return text, err
		})
		if err != nil {
			return err
		}
		i.gateway.Token = config.Secret(token)
		if i.serial == "" {
			i.keep("The token was not tried, because the gateway did not answer.")
			return nil
		}
		i.Say("Trying the token …")
		err = i.TryAccess(i.Ctx, *i.gateway, i.serial, envoy.StaticToken(token))
		if err == nil {
			claims, _ := enlighten.Parse(token) // was parsed above
			i.Say("The gateway accepts the token. It is valid until %s; paste the next one with envoy-mqtt token --paste.", claims.Expires.Local().Format("2006-01-02"))
			return nil
		}
		i.Say("The token was not accepted: %v", err)
		i.gateway.Token = ""
	}
}

// attempts returns how many attempts remain, as a sentence's beginning.
func attempts(n int) string {
	if n == 1 {
		return "1 attempt remains"
	}
	return fmt.Sprintf("%d attempts remain", n)
}
