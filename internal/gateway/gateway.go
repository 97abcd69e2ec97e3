package gateway

import (
	"path/filepath"
	"slices"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// A Gateway is a section [ENVOY…] with the objects made from it.
type Gateway struct {
	config.Gateway
	Client *envoy.Client
	Tokens *enlighten.Source
	// InstallerTokens have the role that changes the limit of the gateway. They
	// are not requested before something is to be changed.
	InstallerTokens *enlighten.Source
	Seen            *state.GatewayStore // of all gateways
}

// New returns the gateways of cfg, which keep their files in its state folder.
func New(cfg config.Config) []*Gateway {
	dir := cfg.General.StateDir
	store := &enlighten.Store{Dir: dir, IsShared: cfg.General.Shard.IsSet()}
	installerStore := &enlighten.Store{Dir: filepath.Join(dir, "installer"), Accounts: store}
	cloud := &enlighten.Cloud{LoginURL: cfg.Enlighten.LoginURL, TokenURL: cfg.Enlighten.TokenURL, FormURL: cfg.Enlighten.FormURL}
	seen := state.NewGatewayStore(dir)
	seen.IsShared = cfg.General.Shard.IsSet()
	var gateways []*Gateway
	for _, section := range cfg.Gateways {
		tokens := &enlighten.Source{
			Configured: section.Token.Reveal(),
			Account:    enlighten.Account{Username: section.Username, Password: section.Password.Reveal()},
			Cloud:      cloud,
			Store:      store,
		}
		installer := &enlighten.Source{Account: tokens.Account, Installer: true, Cloud: cloud, Store: installerStore}
		if claims, err := enlighten.Parse(tokens.Configured); err == nil && claims.Role == enlighten.Installer {
			installer.Configured = tokens.Configured
		}
		g := &Gateway{Gateway: section, Client: NewClient(section, tokens), Tokens: tokens, InstallerTokens: installer, Seen: seen}
		g.Client.Serial = g.KnownSerial() // with HOST = auto, the gateway that answered before
		gateways = append(gateways, g)
	}
	return gateways
}

// NewClient returns a client of the gateway g.
func NewClient(g config.Gateway, tokens auth.TokenSource) *envoy.Client {
	return &envoy.Client{
		Host:        g.Host,
		Source:      g.Source,
		Tokens:      tokens,
		Username:    g.Username,
		Password:    g.Password.Reveal(),
		VerifyTLS:   g.VerifySSL,
		Fingerprint: g.Fingerprint,
		Timeout:     g.Timeout,
		Correction:  envoy.Correction{Multiplier: g.Multiplier, Offset: g.Offset},
	}
}

// Close ends the sources of tokens.
func (g *Gateway) Close() {
	g.Tokens.Close()
	g.InstallerTokens.Close()
}

// KnownSerial returns the configured serial number, else the one that answered
// last, else "".
func (g *Gateway) KnownSerial() string {
	if g.Serial != "" {
		return g.Serial
	}
	return g.Seen.Serial(g.Section)
}

// KnownSerials returns the serial numbers of all gateways that have answered in the
// section of g, and the configured one.
func KnownSerials(g config.Gateway, seen *state.GatewayStore) []string {
	serials := seen.Serials(g.Section)
	if g.Serial != "" && !slices.Contains(serials, g.Serial) {
		serials = append(serials, g.Serial)
	}
	return serials
}
