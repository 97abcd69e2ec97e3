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
	"github.com/envoy-mqtt/envoy-mqtt/internal/terminal"
)

// A prompter asks questions and reads one line for each answer.
type prompter struct {
	ctx context.Context
	in  io.Reader
	out io.Writer
}

var errNoAnswer = errors.New("the answers ended before the questions did; nothing was written")

// print prints a word and a text, broken between words into lines. The lines of
// the text begin below each other, behind indent.
func (p prompter) print(word, indent, text string) {
	lines := terminal.Wrap(text, p.width()-len(indent), "")
	fmt.Fprintf(p.out, "%-*s%s\n", len(indent), word, strings.ReplaceAll(lines, "\n", "\n"+indent))
}

// width returns for how many columns text is wrapped.
func (p prompter) width() int {
	if f, ok := p.out.(*os.File); ok {
		return terminal.WrapWidth(f)
	}
	return terminal.DefaultWidth
}

// say prints a text, indented.
func (p prompter) say(format string, args ...any) { p.print("", "  ", fmt.Sprintf(format, args...)) }

// define prints a word and what it means, in two columns.
func (p prompter) define(word, meaning string) { p.print("  "+word, "                   ", meaning) }

// heading begins a group of questions.
func (p prompter) heading(text string) { fmt.Fprintf(p.out, "\n%s\n", text) }

// printQuestion prints a question, with what is in brackets, and waits behind it.
func (p prompter) printQuestion(question, brackets string) {
	if brackets != "" {
		question += " [" + brackets + "]"
	}
	fmt.Fprint(p.out, terminal.Wrap(question+":", p.width()-1, "  ")+" ")
}

// ask repeats a question until parse accepts the answer. An empty answer stands
// for def.
func (p prompter) ask(question, def string, parse func(string) (string, error)) (string, error) {
	for {
		p.printQuestion(question, def)
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
		p.say("%v", err)
	}
}

// selectOne asks for one of words. The first is the default.
func (p prompter) selectOne(question string, words ...string) (string, error) {
	return p.ask(question, words[0], config.OneOf(words...))
}

// confirm asks for yes or no.
func (p prompter) confirm(question string, def bool) (bool, error) {
	words := []string{"n", "y", "no", "yes"}
	if def {
		words = []string{"y", "n", "yes", "no"}
	}
	answer, err := p.selectOne(question+" (y or n)", words...)
	return strings.HasPrefix(answer, "y"), err
}

// askSecret repeats a question until parse accepts the answer, which a terminal
// does not show. If present is not empty, an empty answer stands for it.
func (p prompter) askSecret(question, present string, parse func(string) (string, error)) (string, error) {
	brackets := ""
	if present != "" {
		brackets = "unchanged"
	}
	for {
		line, err := p.readSecret(question, brackets)
		if err != nil {
			return "", err
		}
		if line == "" {
			line = present
		}
		if !config.IsPlainText(line) {
			err = errors.New("must be plain text")
		} else if line, err = parse(line); err == nil {
			return line, nil
		}
		p.say("%v", err)
	}
}

// readSecret asks once. A terminal does not show the answer.
func (p prompter) readSecret(question, brackets string) (string, error) {
	f, ok := p.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		p.printQuestion(question, brackets)
		return p.read(func() (string, error) { return readLine(p.in) })
	}
	shown, err := term.GetState(int(f.Fd()))
	if err != nil {
		return "", err
	}
	defer func() { _ = term.Restore(int(f.Fd()), shown) }() // also if ctx ends during ReadPassword
	p.printQuestion(question+" (not shown)", brackets)
	line, err := p.read(func() (string, error) {
		text, err := term.ReadPassword(int(f.Fd()))
		return strings.TrimSpace(string(text)), err
	})
	fmt.Fprintln(p.out)
	return line, err
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
