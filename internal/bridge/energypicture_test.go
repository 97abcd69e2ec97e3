//go:build faults

package bridge_test

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Home Assistant's colours.
const (
	solar    = "#ff9800"
	fromGrid = "#488fc2"
	toGrid   = "#8353d1"
	used     = "#555555"
)

// A plot maps hours and values to a part of the picture.
type plot struct {
	strings.Builder
	left, top, width, height float64
	low, high                float64
}

func (p *plot) x(hour float64) float64  { return p.left + hour/24*p.width }
func (p *plot) y(value float64) float64 { return p.top + (p.high-value)/(p.high-p.low)*p.height }

// axes draws a line and a word at every step, and the hours below.
func (p *plot) axes(title, unit string, step float64) {
	fmt.Fprintf(p, `<text x="%.0f" y="%.0f" font-weight="bold">%s</text>`+"\n", p.left, p.top-12, title)
	for v := math.Ceil(p.low/step) * step; v <= p.high; v += step {
		fmt.Fprintf(p, `<line x1="%.0f" x2="%.0f" y1="%.1f" y2="%.1f" stroke="#ddd"/><text x="%.0f" y="%.1f" text-anchor="end">%g %s</text>`+"\n",
			p.left, p.left+p.width, p.y(v), p.y(v), p.left-6, p.y(v)+4, v, unit)
	}
	for h := 0; h <= 24; h += 3 {
		fmt.Fprintf(p, `<text x="%.1f" y="%.1f" text-anchor="middle">%02d:00</text>`+"\n", p.x(float64(h)), p.top+p.height+18, h)
	}
}

func (p *plot) line(s series, colour string) {
	var points strings.Builder
	for i, v := range s {
		if i%5 == 0 { // five minutes are a quarter of a dot wide
			fmt.Fprintf(&points, "%.1f,%.1f ", p.x(v.at.Hours()), p.y(v.value/1000))
		}
	}
	fmt.Fprintf(p, `<polyline fill="none" stroke="%s" stroke-width="1.5" points="%s"/>`+"\n", colour, strings.TrimSpace(points.String()))
}

func (p *plot) bar(h int, from, to float64, colour string) {
	if to-from < 0.0005 {
		return
	}
	fmt.Fprintf(p, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`+"\n", p.x(float64(h)+0.12), p.y(to), p.width/24*0.76, p.y(from)-p.y(to), colour)
}

func (p *plot) legend(words ...string) {
	for i := 0; i < len(words); i += 2 {
		x := p.left + p.width - float64(len(words)-i)*65
		fmt.Fprintf(p, `<rect x="%.0f" y="%.0f" width="10" height="10" fill="%s"/><text x="%.0f" y="%.0f">%s</text>`+"\n", x, p.top-21, words[i+1], x+15, p.top-12, words[i])
	}
}

// drawDay draws powers, and the hours of the counters as the energy dashboard does.
func drawDay(day map[string]series) string {
	powers := &plot{left: 70, top: 70, width: 800, height: 240, low: -6, high: 7}
	powers.axes("Power, as published", "kW", 2)
	powers.line(day["grid/power"], fromGrid)
	powers.line(day["production/power"], solar)
	powers.line(day["consumption/power"], used)
	powers.legend("production", solar, "consumption", used, "grid", fromGrid)

	energy := &plot{left: 70, top: 400, width: 800, height: 240, low: -5, high: 2}
	energy.axes("Energy of each hour, from the published counters", "kWh", 1)
	for h, e := range hourly(day) {
		own := e.production - e.exported
		energy.bar(h, 0, own, solar)
		energy.bar(h, own, own+e.imported, fromGrid)
		energy.bar(h, -e.exported, 0, toGrid)
	}
	energy.legend("solar used", solar, "imported", fromGrid, "exported", toGrid)

	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 690" font-family="sans-serif" font-size="12" fill="#333">` + "\n" +
		`<rect width="900" height="690" fill="#fff"/>` + "\n" +
		fmt.Sprintf(`<text x="70" y="28" font-size="16">One day of a simulated house through the bridge, %s: drawn from the messages that it published</text>`+"\n", time.Date(2026, 6, 19, 0, 0, 0, 0, time.UTC).Format("2 January")) +
		powers.String() + energy.String() + "</svg>\n"
}
