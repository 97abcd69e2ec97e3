package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/hinshun/vt10x"
)

// A picture is a screen with the line that started the command.
type picture struct {
	screen     vt10x.Terminal
	cols, rows int
	prompt     string
}

const (
	cellWidth  = 8.4 // px
	cellHeight = 18
	margin     = 16
)

// palette has the 16 colours of a terminal, on a dark background.
var palette = [16]string{
	"#484f58", "#ff7b72", "#3fb950", "#d29922", "#58a6ff", "#bc8cff", "#39c5cf", "#b1bac4",
	"#6e7681", "#ffa198", "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#ffffff",
}

func colour(c vt10x.Color, otherwise string) string {
	switch {
	case c < 16:
		return palette[c]
	case c < 232: // 6 × 6 × 6
		v := int(c) - 16
		level := func(n int) int { return [6]int{0, 95, 135, 175, 215, 255}[n] }
		return fmt.Sprintf("#%02x%02x%02x", level(v/36), level(v/6%6), level(v%6))
	case c < 256: // grey
		v := 8 + 10*(int(c)-232)
		return fmt.Sprintf("#%02x%02x%02x", v, v, v)
	case c < 1<<24: // true colour
		return fmt.Sprintf("#%06x", int(c))
	}
	return otherwise
}

func (p picture) svg() []byte {
	p.screen.Lock()
	defer p.screen.Unlock()
	used := 0
	for y := range p.rows {
		if strings.TrimSpace(p.line(y)) != "" {
			used = y + 1
		}
	}
	width, height := 2*margin+float64(p.cols)*cellWidth, 2*margin+(used+1)*cellHeight
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %d" width="%.0f" height="%d" role="img" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">`+"\n", width, height, width, height)
	fmt.Fprintf(&b, "<title>Terminal: %s</title>\n", escaped(p.prompt))
	fmt.Fprintf(&b, `<rect width="%.0f" height="%d" rx="8" fill="#0d1117"/>`+"\n", width, height)
	text(&b, 0, 0, "$ "+p.prompt, "#8b949e")
	for y := range used {
		p.row(&b, y)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func (p picture) line(y int) string {
	var b strings.Builder
	for x := range p.cols {
		if c := p.screen.Cell(x, y).Char; c != 0 {
			b.WriteRune(c)
		} else {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// row draws each run of one colour; what is blank is not drawn.
func (p picture) row(b *bytes.Buffer, y int) {
	line := []rune(p.line(y))
	for x := 0; x < p.cols; {
		cell, end := p.screen.Cell(x, y), x+1
		for end < p.cols && p.screen.Cell(end, y).FG == cell.FG && p.screen.Cell(end, y).BG == cell.BG {
			end++
		}
		if cell.BG != vt10x.DefaultBG {
			fmt.Fprintf(b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n",
				margin+float64(x)*cellWidth, margin+(y+1)*cellHeight, float64(end-x)*cellWidth, cellHeight, colour(cell.BG, "#e6edf3"))
		}
		words(b, x, y+1, line[x:end], colour(cell.FG, "#e6edf3"))
		x = end
	}
}

// words draws a run in pieces, so that columns stay aligned in every font.
func words(b *bytes.Buffer, x, y int, run []rune, fill string) {
	for i := 0; i < len(run); {
		if run[i] == ' ' {
			i++
			continue
		}
		end := i + 1
		for end < len(run) && (run[end] != ' ' || end+1 < len(run) && run[end+1] != ' ') {
			end++ // single blanks belong to the piece
		}
		text(b, x+i, y, string(run[i:end]), fill)
		i = end
	}
}

func text(b *bytes.Buffer, x, y int, s, fill string) {
	fmt.Fprintf(b, `<text x="%.1f" y="%d" textLength="%.1f" fill="%s" xml:space="preserve">%s</text>`+"\n",
		margin+float64(x)*cellWidth, margin+y*cellHeight+13, float64(len([]rune(s)))*cellWidth, fill, escaped(s))
}

func escaped(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a Buffer does not fail
	return b.String()
}
