package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/envoy-mqtt/envoy-mqtt/internal/hint"
	"github.com/envoy-mqtt/envoy-mqtt/internal/prompt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/setup"
)

func initCommand(c *console) *cobra.Command {
	isWeb, listen := false, ""
	cmd := &cobra.Command{
		Use:     "init",
		Short:   "Write and test config.ini",
		Example: "envoy-mqtt init",
		Long: "Ask for the gateway, the Enphase account and the broker, and test each answer at once: read the gateway, log in at Enphase, connect to the broker. " +
			"Then write config.ini (or --config), readable by its owner only. If there is one, its values are offered and only changed keys are written. Gateways that answer to multicast DNS are offered.\n\n" +
			"With --web the same questions are asked in a browser, for machines without a terminal. The page needs a one-time code, which is printed, and is closed when the file is written, or after 30 minutes.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !isWeb {
				if listen != "" {
					return usageErrorf(cmd, "--listen needs --web")
				}
				return failed(c.init(cmd.Context()))
			}
			address, err := setupAddress(listen)
			if err != nil {
				return usageErrorf(cmd, "--listen %s: %w", listen, err)
			}
			return failed(c.initWeb(cmd.Context(), address))
		},
	}
	cmd.Flags().BoolVar(&isWeb, "web", false, "ask in a browser, at http://"+defaultSetupAddress)
	cmd.Flags().StringVar(&listen, "listen", "", "`address` of --web for other machines, such as 192.168.1.5:9798")
	return cmd
}

// init asks, tries and writes. It writes nothing before all questions are answered.
func (c *console) init(ctx context.Context) error {
	if err := c.checkFolder(); err != nil {
		return err
	}
	p := prompt.Prompter{Ctx: ctx, In: c.in, Out: c.out}
	p.Print("", "", "envoy-mqtt init asks for the gateway, the access to it and the MQTT broker, and tries each answer. "+
		"Press Enter to accept a value in brackets. Nothing is written before the last answer; Ctrl-C stops.")
	d, err := setup.NewDraft(c.sources())
	if err != nil {
		return err
	}
	switch {
	case d.Mistake != nil:
		p.Say("%v", hint.Add(d.Mistake))
		replace, err := p.Confirm(d.Path+" cannot be used. Replace it?", false)
		if err != nil {
			return err
		}
		if !replace {
			return errors.New(d.Path + " was not changed")
		}
	case d.Exists:
		fmt.Fprintln(p.Out)
		p.Say("%s exists. Its values are offered, and keys that are not asked for stay as they are.", d.Path)
		if gateways := d.Present.Gateways; len(gateways) > 1 {
			p.Say("It has %d gateways. These questions are about [%s].", len(gateways), gateways[0].Section)
		}
	}
	i := interview{p, d}
	for _, part := range []func() error{i.askGateway, i.askAccess, i.askBroker} {
		if err := part(); err != nil {
			return err
		}
	}
	if err := i.Write(); err != nil {
		return err
	}
	return printNextSteps(p, i.Draft)
}
