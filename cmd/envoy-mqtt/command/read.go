package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/locate"
	"github.com/envoy-mqtt/envoy-mqtt/internal/gateway"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
	"github.com/envoy-mqtt/envoy-mqtt/internal/terminal"
	"github.com/envoy-mqtt/envoy-mqtt/internal/view"
)

// readOptions say how read prints.
type readOptions struct {
	json bool // the live document
	all  bool // every measured value
}

func readCommand(c *console) *cobra.Command {
	var o readOptions
	cmd := &cobra.Command{
		Use:     "read",
		Short:   "Read each gateway once and print the values",
		Example: "envoy-mqtt read --json",
		Args:    notBoth("json", "all"),
		RunE:    func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context(), c) },
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "print the document that is published under live, one line a gateway")
	cmd.Flags().BoolVar(&o.all, "all", false, "print every measured value: voltage, current, power factor and rarer meters too")
	return cmd
}

// run prints one sample of each gateway. If one fails, it continues with the
// others.
func (o readOptions) run(ctx context.Context, c *console) error {
	cfg, err := c.readConfig(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for i, g := range gateway.New(cfg) {
		if i > 0 && !o.json {
			fmt.Fprintln(c.out)
		}
		if err := o.readGateway(ctx, c.stdout(), g); err != nil {
			errs = append(errs, fmt.Errorf("[%s] %w", g.Section, err))
		}
	}
	return failed(errors.Join(errs...))
}

// readGateway prints one sample of a gateway, and stores what it measures.
func (o readOptions) readGateway(ctx context.Context, out output, g *gateway.Gateway) error {
	defer g.Close()
	session, err := g.Open(ctx)
	if err != nil {
		return err
	}
	s, err := gateway.Sample(ctx, session)
	if err != nil {
		return err
	}
	_ = g.LearnSerial(session) // check reports a state folder that cannot be written
	if o.json {
		_, err = fmt.Fprintf(out, "%s\n", schema.LiveDocument(s))
		return err
	}
	soc, batteriesErr := gateway.AddBatteries(ctx, session, &s)
	if batteriesErr == nil {
		_ = g.Learn(session, s, soc)
	}
	if err := out.printReading(session.Info, s, soc, gateway.Notes(ctx, session, s), o.all); err != nil {
		return err
	}
	if batteriesErr != nil {
		return fmt.Errorf("batteries: %w", batteriesErr)
	}
	return nil
}

// printReading prints a sample for a person, with notes about it.
func (o output) printReading(i locate.Info, s envoy.Sample, soc *float64, notes []string, all bool) error {
	width := o.width()
	doc, err := view.Parse(schema.LiveDocument(s))
	if err != nil {
		panic(err) // the document is ours
	}
	v := view.Gateway{Title: "Envoy " + i.Serial, Status: s.Time.Local().Format(time.DateTime), Document: doc, SoC: soc}
	lines := v.Lines(width, o.painter)
	if all {
		about := fmt.Sprintf("Firmware %s, part number %s, read in %.1f s", i.Firmware, i.PartNumber, s.Took.Seconds())
		if soc != nil {
			about += fmt.Sprintf(", batteries charged to %.0f%%", *soc)
		}
		lines = append(terminal.Aligned(o.painter.Strong(v.Title), v.Status, width), terminal.WrapLines("", "", about, width)...)
		lines = append(lines, "")
		lines = append(lines, view.Table(s, width)...)
	}
	if len(notes) > 0 {
		lines = append(lines, "")
	}
	for _, note := range notes {
		for _, line := range terminal.WrapLines("", "", note, width) {
			lines = append(lines, o.painter.Level(terminal.Warning, line))
		}
	}
	return o.print(lines...)
}
