package prompt

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/envoy-mqtt/envoy-mqtt/internal/blocking"
	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/terminal"
)

// A Prompter asks questions and reads one line for each answer.
type Prompter struct {
	Ctx context.Context // ends a question
	In  io.Reader
	Out io.Writer
}

var errNoAnswer = errors.New("the input ended before the last answer; nothing was written")

// Print prints a word and a text, broken between words into lines. The lines of
// the text begin below each other, behind indent.
func (p Prompter) Print(word, indent, text string) {
	lines := terminal.Wrap(text, p.width()-len(indent), "")
	fmt.Fprintf(p.Out, "%-*s%s\n", len(indent), word, strings.ReplaceAll(lines, "\n", "\n"+indent))
}

// width returns for how many columns text is wrapped.
func (p Prompter) width() int {
	if f, ok := p.Out.(*os.File); ok {
		return terminal.WrapWidth(f)
	}
	return terminal.DefaultWidth
}

// Say prints a text, indented.
func (p Prompter) Say(format string, args ...any) { p.Print("", "  ", fmt.Sprintf(format, args...)) }

// Define prints a word and what it means, in two columns.
func (p Prompter) Define(word, meaning string) { p.Print("  "+word, "                   ", meaning) }

// Heading begins a group of questions.
func (p Prompter) Heading(text string) {
	fmt.Fprintf(p.Out, "\n%s\n", terminal.Wrap(text, p.width(), ""))
}

// printQuestion prints a question, with what is in brackets, and waits behind it.
func (p Prompter) printQuestion(question, brackets string) {
	if brackets != "" {
		question += " [" + brackets + "]"
	}
	fmt.Fprint(p.Out, terminal.Wrap(question+":", p.width()-1, "  ")+" ")
}

// Ask repeats a question until parse accepts the answer. An empty answer stands
// for def.
func (p Prompter) Ask(question, def string, parse func(string) (string, error)) (string, error) {
	return p.repeat(func() (string, error) { return p.readShown(question, def) }, def, parse)
}

// repeat calls ask until parse accepts the answer. An empty one stands for def.
func (p Prompter) repeat(ask func() (string, error), def string, parse func(string) (string, error)) (string, error) {
	for {
		line, err := ask()
		if err != nil {
			return "", err
		}
		line = cmp.Or(line, def)
		if !config.IsPlainText(line) {
			err = errors.New("must be plain text")
		} else if line, err = parse(line); err == nil {
			return line, nil
		}
		p.Say("%v", err)
	}
}

// SelectOne asks for one of words. The first is the default.
func (p Prompter) SelectOne(question string, words ...string) (string, error) {
	return p.Ask(question, words[0], config.OneOf(words...))
}

// Confirm asks for yes or no.
func (p Prompter) Confirm(question string, def bool) (bool, error) {
	words := []string{"n", "y", "no", "yes"}
	if def {
		words = []string{"y", "n", "yes", "no"}
	}
	answer, err := p.SelectOne(question+" (y or n)", words...)
	return strings.HasPrefix(answer, "y"), err
}

// AskSecret repeats a question until parse accepts the answer, which a terminal
// does not show. If present is not empty, an empty answer stands for it.
func (p Prompter) AskSecret(question, present string, parse func(string) (string, error)) (string, error) {
	brackets := ""
	if present != "" {
		brackets = "unchanged"
	}
	return p.repeat(func() (string, error) { return p.ReadSecret(question, brackets) }, present, parse)
}

// ReadSecret asks once. A terminal does not show the answer.
func (p Prompter) ReadSecret(question, brackets string) (string, error) {
	f, ok := p.In.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return p.readShown(question, brackets)
	}
	shown, err := term.GetState(int(f.Fd()))
	if err != nil {
		return "", err
	}
	defer func() { _ = term.Restore(int(f.Fd()), shown) }() // also if ctx ends during ReadPassword
	if err := stopEcho(int(f.Fd())); err != nil {
		return "", err
	}
	p.printQuestion(question+" (not shown)", brackets)
	line, err := p.read(func() (string, error) {
		text, err := term.ReadPassword(int(f.Fd()))
		return strings.TrimSpace(string(text)), err
	})
	fmt.Fprintln(p.Out)
	return line, err
}

// readShown asks once.
func (p Prompter) readShown(question, brackets string) (string, error) {
	p.printQuestion(question, brackets)
	return p.read(func() (string, error) { return readLine(p.In) })
}

// read returns the results of readLine, or an error if the context ends first.
func (p Prompter) read(readLine func() (string, error)) (string, error) {
	line, err := blocking.Call(p.Ctx, readLine)
	switch {
	case errors.Is(err, io.EOF):
		return "", errNoAnswer
	case err != nil && p.Ctx.Err() != nil:
		return "", errors.New("stopped; nothing was written")
	}
	return line, err
}

// Required rejects an empty answer.
func Required(text string) (string, error) {
	if text == "" {
		return "", errors.New("an answer is needed")
	}
	return text, nil
}

// Optional accepts any answer.
func Optional(text string) (string, error) { return text, nil }

const maxLine = 16 << 10 // bytes; longer than any token

// readLine returns the next line of r without surrounding white space. It reads
// no further than the end of the line, so that another reader can continue there.
// The error is io.EOF if r ends before a line begins.
func readLine(r io.Reader) (string, error) {
	var line []byte
	for one := make([]byte, 1); len(line) < maxLine; {
		n, err := r.Read(one)
		if n == 1 && one[0] == '\n' {
			break
		}
		line = append(line, one[:n]...)
		if errors.Is(err, io.EOF) && len(line) > 0 {
			break
		}
		if err != nil {
			return "", err
		}
	}
	return strings.TrimSpace(string(line)), nil
}
