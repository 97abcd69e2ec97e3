package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
)

// A prompter asks questions and reads one line for each answer.
type prompter struct {
	ctx context.Context
	in  io.Reader
	out io.Writer
}

var errNoAnswer = errors.New("the answers ended before the questions did; nothing was written")

// ask repeats a question until parse accepts the answer. An empty answer stands
// for def.
func (p prompter) ask(question, def string, parse func(string) (string, error)) (string, error) {
	if def != "" {
		question += " [" + def + "]"
	}
	for {
		fmt.Fprint(p.out, question+": ")
		line, err := p.read(func() (string, error) { return readLine(p.in) })
		if err != nil {
			return "", err
		}
		if line == "" {
			line = def
		}
		if !config.IsPlainText(line) {
			err = errors.New("must be plain text")
		} else if line, err = parse(line); err == nil {
			return line, nil
		}
		fmt.Fprintln(p.out, "  "+err.Error())
	}
}

// selectOne asks for one of words. The first is the default.
func (p prompter) selectOne(question string, words ...string) (string, error) {
	return p.ask(question, words[0], config.OneOf(words...))
}

// confirm asks for yes or no. The default is no.
func (p prompter) confirm(question string) (bool, error) {
	answer, err := p.selectOne(question+" (y or n)", "n", "y", "no", "yes")
	return strings.HasPrefix(answer, "y"), err
}

// askSecret is ask without a default; a terminal does not show the answer.
func (p prompter) askSecret(question string, parse func(string) (string, error)) (string, error) {
	f, ok := p.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return p.ask(question, "", parse)
	}
	shown, err := term.GetState(int(f.Fd()))
	if err != nil {
		return "", err
	}
	defer func() { _ = term.Restore(int(f.Fd()), shown) }() // also if ctx ends during ReadPassword
	for {
		fmt.Fprint(p.out, question+" (not shown): ")
		line, err := p.read(func() (string, error) {
			text, err := term.ReadPassword(int(f.Fd()))
			return strings.TrimSpace(string(text)), err
		})
		fmt.Fprintln(p.out)
		if err != nil {
			return "", err
		}
		if line, err = parse(line); err == nil {
			return line, nil
		}
		fmt.Fprintln(p.out, "  "+err.Error())
	}
}

// read returns the results of readLine, or an error if the context ends first.
func (p prompter) read(readLine func() (string, error)) (string, error) {
	line, err := callCtx(p.ctx, readLine)
	switch {
	case errors.Is(err, io.EOF):
		return "", errNoAnswer
	case err != nil && p.ctx.Err() != nil:
		return "", errors.New("stopped; nothing was written")
	}
	return line, err
}

// required rejects an empty answer.
func required(text string) (string, error) {
	if text == "" {
		return "", errors.New("an answer is needed")
	}
	return text, nil
}

// optional accepts any answer.
func optional(text string) (string, error) { return text, nil }
