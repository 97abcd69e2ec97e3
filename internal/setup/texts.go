package setup

import (
	"cmp"
	"fmt"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hint"
)

// TokenPage is where users copy a token.
const TokenPage = "https://entrez.enphaseenergy.com/"

// Text describes the result of a login in sentences for the user. It contains no
// secret.
func (s Setup) Text(r LoginResult) string {
	switch r.Outcome {
	case LoginOK:
		what := "Logged in."
		if r.Token.Origin == enlighten.Stored {
			what = "A token is stored, so that no login is needed."
		}
		what += " The token is valid until " + r.Token.Expires.Local().Format("2006-01-02") + " and renewed automatically."
		return what
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
	return s.ErrorText(r.Err)
}

// ErrorText returns the text of an error, with a hint if there is one.
func (s Setup) ErrorText(err error) string { return hint.Add(err).Error() }

// attempts returns how many attempts remain, as a sentence's beginning.
func attempts(n int) string {
	if n == 1 {
		return "1 attempt remains"
	}
	return fmt.Sprintf("%d attempts remain", n)
}

// systemPath is where the systemd service reads its configuration.
const systemPath = "/etc/envoy-mqtt/config.ini"

// A NextStep is what to do after the installation.
type NextStep struct{ Name, Text string }

// NextSteps returns what to do after the file was written. isNamed is true if the user
// has named the file.
func (d *Draft) NextSteps(isNamed bool) []NextStep {
	flag, start := configFlag(d.Path, isNamed), "sudo systemctl restart envoy-mqtt"
	if d.Path != systemPath {
		start = "envoy-mqtt" + flag
	}
	return []NextStep{
		{"start", start},
		{"watch", "envoy-mqtt watch" + flag + " (in another terminal)"},
		{"Home Assistant", "Settings, Devices & services, MQTT: " +
			"the devices Envoy " + cmp.Or(d.Serial, "<serial number>") + " and Envoy MQTT bridge appear by themselves once it runs."},
		{"other programs", "envoy-mqtt consumers" + flag},
	}
}

// CheckCommand returns the command that tries what was not verified.
func (d *Draft) CheckCommand(isNamed bool) string {
	return "envoy-mqtt check" + configFlag(d.Path, isNamed)
}

// configFlag returns the flag of commands that read the file at path.
func configFlag(path string, isNamed bool) string {
	if isNamed && path != systemPath {
		return " --config " + path
	}
	return ""
}
