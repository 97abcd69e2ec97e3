package history

// Days returns the energies of the days from one date to another, inclusive.
func (g *gateway) Days(from, to Date) []Day {
	g.mu.Lock()
	defer g.mu.Unlock()
	var days []Day
	for _, d := range g.calendar.find(from, to) {
		if total := d.total(); total.hasData() {
			days = append(days, total)
		}
	}
	return days
}

// Peak returns the highest power of the 31 days up to today, W.
func (g *gateway) Peak(today Date) float64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	highest := 0.0
	for _, d := range g.calendar.find(today.AddDays(-30), today) {
		highest = max(highest, d.peak)
	}
	return highest
}
