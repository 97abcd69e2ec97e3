package setup

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/gateway"
)

// A Part is a part of an installation.
type Part int

// The parts in their order.
const (
	GatewayPart Part = iota
	AccessPart
	BrokerPart
	numParts
)

// A Draft is a configuration that is being entered: the present one and the answers
// so far. Nothing is written before [Draft.Write]. It is not safe for concurrent use.
type Draft struct {
	Setup
	Path    string        // of the file
	IsNew   bool          // the file is replaced
	Present config.Config // to begin with; its values are offered
	Gateway *config.Gateway
	Broker  *config.MQTT

	Serial     string // of the gateway, empty if it was not reached
	NeedsToken bool   // the gateway's firmware needs a token

	next     config.Config // contains Gateway and Broker
	problems [numParts]string
}

// NewDraft returns a draft that begins with present.
func (s Setup) NewDraft(path string, isNew bool, present config.Config) *Draft {
	d := &Draft{Setup: s, Path: path, IsNew: isNew, Present: present, next: present}
	d.next.Gateways = slices.Clone(present.Gateways)
	d.Gateway, d.Broker = &d.next.Gateways[0], &d.next.MQTT
	return d
}

// Keep records that the answers of a part are kept although they do not work, or were
// not tried. An empty problem ends that.
func (d *Draft) Keep(part Part, problem string) { d.problems[part] = problem }

// Problems returns what is kept although it was not verified.
func (d *Draft) Problems() []string {
	return slices.DeleteFunc(slices.Clone(d.problems[:]), func(p string) bool { return p == "" })
}

// Write writes the file.
func (d *Draft) Write() error { return d.WriteConfig(d.Path, d.IsNew, d.Present, d.next) }

// UseFound selects a gateway that was found.
func (d *Draft) UseFound(f Found) { d.Gateway.Host, d.Gateway.Serial = envoy.Auto, f.Serial }

// UseHost selects the gateway at an address as [config.ParseHost] returns it.
func (d *Draft) UseHost(host string) {
	if host != d.Gateway.Host {
		d.Gateway.Host, d.Gateway.Serial = host, ""
	}
}

// Reach reads the identity of the selected gateway.
func (d *Draft) Reach(ctx context.Context) (ReachedGateway, error) {
	reached, err := d.ReachGateway(ctx, *d.Gateway)
	if err != nil {
		d.NeedsToken, d.Serial = true, "" // as all current firmware does
		return reached, err
	}
	d.NeedsToken, d.Serial = reached.NeedsToken, reached.Serial
	d.Keep(GatewayPart, "")
	return reached, nil
}

// KeepGateway keeps a gateway that was not reached.
func (d *Draft) KeepGateway() {
	d.Keep(GatewayPart, "The gateway at "+d.Gateway.Host+" did not answer.")
}

// PresentPassword returns the password of the present account if username is its
// name, else "".
func (d *Draft) PresentPassword(username string) string {
	if old := d.Present.Gateways[0]; username == old.Username {
		return old.Password.Reveal()
	}
	return ""
}

// UseAccount logs in with an account and tries the token. A usable stored token of the
// present account serves as well.
func (d *Draft) UseAccount(ctx context.Context, username, password string) LoginResult {
	g := d.Gateway
	g.Username, g.Password = username, config.Secret(password)
	d.Keep(AccessPart, "")
	if d.Serial == "" {
		d.Keep(AccessPart, "No login was made: a token is for one gateway, and its serial number is not known.")
		return LoginResult{Outcome: LoginSkipped}
	}
	r := d.LogIn(ctx, *g, d.Serial, password != d.PresentPassword(username))
	if r.Outcome == LoginOK {
		g.Token = ""
		if r.Access != nil {
			d.Keep(AccessPart, "The gateway gave no values with the token.")
		}
	}
	return r
}

// KeepAccess keeps an account with which no token was obtained, or a user with whom the
// gateway gave no values.
func (d *Draft) KeepAccess() {
	if d.NeedsToken {
		d.Keep(AccessPart, "There is no token from Enphase. With the right password in config.ini, run envoy-mqtt token --renew.")
	} else {
		d.Keep(AccessPart, "The gateway gave no values.")
	}
}

// UseToken tries a token that a user has pasted, in place of an account, and returns
// what it claims. If the gateway was not reached, it is not tried.
func (d *Draft) UseToken(ctx context.Context, token string) (enlighten.Claims, error) {
	token = strings.Join(strings.Fields(token), "") // a copy can have line breaks
	claims, err := enlighten.Parse(token)
	if err == nil && d.Serial != "" {
		err = claims.Check(d.Serial, time.Now())
	}
	if err != nil {
		return claims, err
	}
	g := d.Gateway
	g.Username, g.Password, g.Token = "", "", config.Secret(token)
	d.Keep(AccessPart, "")
	if d.Serial == "" {
		d.Keep(AccessPart, "The token was not tried, because the gateway did not answer.")
		return claims, nil
	}
	if err := gateway.TryAccess(ctx, *g, d.Serial, envoy.StaticToken(token)); err != nil {
		g.Token = ""
		return claims, err
	}
	return claims, nil
}

// UseOwnUser tries a user of the gateway itself, whose firmware needs no token. An
// empty name is none.
func (d *Draft) UseOwnUser(ctx context.Context, name, password string) error {
	d.Gateway.Username, d.Gateway.Password = name, config.Secret(password)
	d.Keep(AccessPart, "")
	return gateway.TryAccess(ctx, *d.Gateway, d.Serial, nil)
}
