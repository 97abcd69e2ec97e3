package limittest

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// dice are what makes a history random.
type dice struct{ *rand.Rand }

// upTo returns a random duration, often a short one.
func (d dice) upTo(longest time.Duration) time.Duration {
	if d.IntN(4) > 0 {
		longest /= 10
	}
	return time.Duration(d.Int64N(int64(longest) + 1))
}

func (d dice) chance(percent int) bool { return d.IntN(100) < percent }

// payload returns a random command.
func (d dice) payload() string {
	lease := ""
	switch d.IntN(4) {
	case 0:
		lease = fmt.Sprintf(`,"for":"%ds"`, 10+d.IntN(3600))
	case 1:
		lease = `,"for":"forever"`
	}
	watts := 100 * d.IntN(60)
	switch d.IntN(8) {
	case 0:
		return fmt.Sprint(watts)
	case 1, 2:
		return fmt.Sprintf(`{"export":%d%s}`, watts, lease)
	case 3:
		return fmt.Sprintf(`{"production":%d%s}`, watts, lease)
	case 4:
		return fmt.Sprintf(`{"power":%d%s}`, watts, lease)
	case 5:
		return fmt.Sprintf(`{"applies_to":%q%s}`, []string{"export", "production"}[d.IntN(2)], lease)
	case 6:
		return fmt.Sprintf(`{"production_off":true%s}`, lease)
	}
	return []string{`{"off":true}`, `{"production_off":false}`}[d.IntN(2)]
}

// foreignWatts returns a limit that no command asks for: it could not be told from
// that of a lease.
func (d dice) foreignWatts() float64 { return float64(100*d.IntN(40) + 10 + d.IntN(80)) }
