package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"golang.org/x/term"
)

// An asker asks a person, or whoever answers from a pipe, a line a question.
type asker struct {
	ctx context.Context
	in  io.Reader
	out io.Writer
}

var errNoAnswer = errors.New("the answers ended before the questions did; nothing was written")

// ask asks until the answer can be parsed. An empty answer is the usual one.
func (a asker) ask(question, usual string, parse func(string) (string, error)) (string, error) {
	if usual != "" {
		question += " [" + usual + "]"
	}
	for {
		fmt.Fprint(a.out, question+": ")
		line, err := a.line()
		if err != nil {
			return "", err
		}
		if line == "" {
			line = usual
		}
		if !config.IsPlainText(line) {
			err = errors.New("must be plain text")
		} else if line, err = parse(line); err == nil {
			return line, nil
		}
		fmt.Fprintln(a.out, "  "+err.Error())
	}
}

// choose asks for one of some words, the first of which is the usual one.
func (a asker) choose(question string, words ...string) (string, error) {
	return a.ask(question, words[0], config.OneOf(words...))
}

// agree asks for yes or no, which is the usual one.
func (a asker) agree(question string) (bool, error) {
	answer, err := a.choose(question+" (y or n)", "n", "y", "no", "yes")
	return strings.HasPrefix(answer, "y"), err
}

// secret asks for what a terminal does not show.
func (a asker) secret(question string, parse func(string) (string, error)) (string, error) {
	f, ok := a.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return a.ask(question, "", parse)
	}
	shown, err := term.GetState(int(f.Fd()))
	if err != nil {
		return "", err
	}
	defer func() { _ = term.Restore(int(f.Fd()), shown) }() // also when the program is told to stop meanwhile
	for {
		fmt.Fprint(a.out, question+" (not shown): ")
		line, err := a.await(func() (string, error) {
			text, err := term.ReadPassword(int(f.Fd()))
			return strings.TrimSpace(string(text)), err
		})
		fmt.Fprintln(a.out)
		if err != nil {
			return "", err
		}
		if line, err = parse(line); err == nil {
			return line, nil
		}
		fmt.Fprintln(a.out, "  "+err.Error())
	}
}

func (a asker) line() (string, error) {
	return a.await(func() (string, error) {
		var line []byte
		for one := make([]byte, 1); len(line) < 16<<10; {
			n, err := a.in.Read(one)
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
	})
}

// await waits for an answer or until the program is told to stop: a read from
// a terminal cannot be broken off, and ends with the program.
func (a asker) await(read func() (string, error)) (string, error) {
	type answer struct {
		line string
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		line, err := read()
		done <- answer{line, err}
	}()
	select {
	case got := <-done:
		if errors.Is(got.err, io.EOF) {
			got.err = errNoAnswer
		}
		return got.line, got.err
	case <-a.ctx.Done():
		return "", errors.New("stopped; nothing was written")
	}
}

// wanted refuses an empty answer.
func wanted(text string) (string, error) {
	if text == "" {
		return "", errors.New("an answer is needed")
	}
	return text, nil
}
