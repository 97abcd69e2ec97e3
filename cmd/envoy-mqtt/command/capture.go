package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/envoy-mqtt/envoy-mqtt/internal/archive"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/gateway"
	"github.com/envoy-mqtt/envoy-mqtt/internal/redact"
	"github.com/envoy-mqtt/envoy-mqtt/internal/terminal"
)

func captureCommand(c *console) *cobra.Command {
	section := ""
	cmd := &cobra.Command{
		Use:     "capture FILE",
		Short:   "Save the gateway's responses, anonymized, for a bug report",
		Example: "envoy-mqtt capture answers.zip",
		Args:    oneArg(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return c.capture(cmd.Context(), args[0], section) },
	}
	cmd.Flags().StringVar(&section, "gateway", "", "the `section` of the gateway, where there are several")
	return cmd
}

// requestGap is the minimum pause between two requests. It is longer if the last
// response took longer.
var requestGap = time.Second

// capture requests all pages of one gateway and writes the responses.
func (c *console) capture(ctx context.Context, path, section string) error {
	if err := archive.Check(path); err != nil {
		return err
	}
	cfg, err := c.readConfig(ctx)
	if err != nil {
		return err
	}
	selected, err := selectGateways(cfg.Gateways, section)
	if err != nil {
		return err
	}
	if err := requireOne(selected); err != nil {
		return err
	}
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s exists; name a new file", path)
	}
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return failed(err)
	}
	captured := cfg
	captured.Gateways = selected
	g := gateway.New(captured)[0]
	defer g.Close()
	session, err := g.Open(ctx)
	if err != nil {
		return failed(err)
	}
	pages, err := requestAll(ctx, c.stderr(), c.stdout().width(), session)
	if err != nil {
		return failed(err)
	}
	var passwords []string
	for _, g := range cfg.Gateways {
		passwords = append(passwords, g.Password.Reveal())
	}
	r := redact.New(session.Serial, passwords...)
	var files []archive.File
	for _, p := range pages {
		files = append(files, p.files(r)...)
	}
	if err := archive.Write(path, files); err != nil {
		return failed(err)
	}
	text := fmt.Sprintf("%s in %s. Everything that is not known to be harmless was replaced; read it before you send it.", terminal.Count(len(pages), "answer"), path)
	_, err = fmt.Fprintln(c.out, strings.Join(terminal.WrapLines("", "", text, c.stdout().width()), "\n"))
	return failed(err)
}

// A capturedPage is a response with the path that was requested.
type capturedPage struct {
	path string
	auth.Page
}

// requestAll requests all pages, one after the other, and prints how it goes in
// lines of at most width columns. It omits pages that fail.
func requestAll(ctx context.Context, out errorOutput, width int, session *envoy.Session) ([]capturedPage, error) {
	var pages []capturedPage
	for i, path := range redact.Pages {
		step := fmt.Sprintf("%2d of %d  %-30s ", i+1, len(redact.Pages), path)
		if out.isTerminal {
			fmt.Fprint(out, step+"…") // a slow gateway takes up to a minute
		}
		p, err := session.Requester().Page(ctx, path)
		if out.isTerminal {
			fmt.Fprint(out, "\r\x1b[K")
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			if errors.Is(err, envoy.ErrUnauthorized) || len(pages) == 0 {
				return nil, err
			}
			fmt.Fprintln(out, strings.Join(terminal.WrapLines(step, "          ", err.Error(), width), "\n"))
			continue
		}
		fmt.Fprintln(out, strings.Join(terminal.WrapLines(step, "          ", fmt.Sprintf("%d, %d bytes in %.1f s", p.Code, len(p.Body), p.Took.Seconds()), width), "\n"))
		pages = append(pages, capturedPage{path, p})
		select {
		case <-time.After(max(requestGap, p.Took)):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return pages, nil
}

// contentType matches the types that are written, with the charset as the only
// parameter.
var contentType = regexp.MustCompile(`^(application/json|application/xml|text/xml|text/html|text/plain)(; ?charset=(?i:utf-8|us-ascii|iso-8859-\d{1,2}))?`)

// files returns the response without personal data and, as a second file, its
// status, type and length.
func (p capturedPage) files(r *redact.Redactor) []archive.File {
	name := strings.NewReplacer("/", "_", "?", "_", "=", "_", "&", "_").Replace(strings.Trim(p.path, "/"))
	body, removed := r.Redact(p.Body)
	log := struct {
		Headers map[string]string `json:"headers"`
		Code    int               `json:"code"`
		Took    float64           `json:"duration_seconds"`
		Removed int               `json:"removed_bytes,omitempty"` // a web page, or what could not be parsed
	}{map[string]string{}, p.Code, p.Took.Round(time.Millisecond).Seconds(), removed}
	if t := contentType.FindString(p.Header.Get("Content-Type")); t != "" {
		log.Headers["Content-Type"] = t
	}
	if n, err := strconv.ParseUint(p.Header.Get("Content-Length"), 10, 32); err == nil {
		log.Headers["Content-Length"] = strconv.FormatUint(n, 10)
	}
	data, err := json.Marshal(log)
	if err != nil {
		panic(err) // strings and finite numbers
	}
	return []archive.File{{Name: name, Data: body}, {Name: name + "_log.json", Data: append(data, '\n')}}
}
