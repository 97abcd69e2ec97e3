package command

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/prompt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/setup"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web/setuppage"
)

const (
	setupPort           = "9798"
	defaultSetupAddress = "127.0.0.1:" + setupPort
)

// setupLinger lets a browser load the style sheet of the last page. Tests change it.
var setupLinger = 2 * time.Second

// setupAddress returns the address at which init --web listens. The port can be
// omitted.
func setupAddress(text string) (string, error) {
	if text == "" {
		return defaultSetupAddress, nil
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port = strings.Trim(text, "[]"), setupPort
	}
	address := net.JoinHostPort(host, port)
	if _, err := net.ResolveTCPAddr("tcp", address); err != nil {
		return "", errors.New("want an address of this machine and a port, such as 192.168.1.5:9798")
	}
	return address, nil
}

// initWeb asks, tries and writes in a browser.
func (c *console) initWeb(ctx context.Context, address string) error {
	if err := c.checkFolder(); err != nil {
		return err
	}
	draft, err := setup.NewDraft(c.sources())
	if err != nil {
		return err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	p := prompt.Prompter{Ctx: ctx, In: c.in, Out: c.out}
	server := setuppage.New(&setuppage.Wizard{Draft: draft, Discover: discoverGateways})
	server.Linger = setupLinger
	server.Files = http.HandlerFunc(web.ServeFile)
	server.Log = func(text string) { p.Print("", "", text) }
	server.Exposed = !isLoopback(l.Addr())
	if host, _, _ := net.SplitHostPort(address); host != "" {
		server.Hosts = []string{host}
	}
	p.Print("", "", "envoy-mqtt init asks in a browser. Nothing is written before the last step.")
	fmt.Fprintln(c.out)
	p.Define("open", "http://"+browserAddress(l.Addr()))
	p.Define("code", server.Code())
	fmt.Fprintln(c.out)
	p.Print("", "", "The page is closed when the file is written, or after 30 minutes.")
	if server.Exposed {
		p.Print("", "", "Warning: the connection is not encrypted. Passwords that you enter can be read on the network. "+
			"Without --listen the page is for this machine only; reach it through SSH: ssh -L "+setupPort+":"+defaultSetupAddress+" HOST")
	}
	if err := server.Serve(ctx, l); err != nil {
		if ctx.Err() != nil {
			return errors.New("stopped; nothing was written")
		}
		return err
	}
	return printNextSteps(p, draft)
}

// isLoopback reports whether only this machine reaches an address.
func isLoopback(a net.Addr) bool {
	addr, err := netip.ParseAddrPort(a.String())
	return err == nil && addr.Addr().Unmap().IsLoopback()
}

// browserAddress returns what to enter in a browser.
func browserAddress(a net.Addr) string {
	addr, err := netip.ParseAddrPort(a.String())
	if err == nil && addr.Addr().IsUnspecified() {
		return fmt.Sprintf("<address of this machine>:%d", addr.Port())
	}
	return a.String()
}
