package limit

import (
	"testing"
	"time"
)

func TestOpposite(t *testing.T) {
	s := newScript(t, enabled)
	s.send(`{"export":0}`)
	s.power.Production, s.power.Export = 0, -1000 // production is limited instead
	s.run(2 * time.Minute)
	s.want("accepted", "write export limited to 0 W", "applied", "effective: 0 W asked, -1000 W", "no_effect: 0 W asked, -1000 W after 79 s: the power does the opposite", "write no limit", "restored: the power did the opposite")

	s.power = Measurement{Production: 4000, Export: 3000, HasProduction: true, HasExport: true}
	s.run(time.Second)
	s.send(`{"production":2000}`)
	s.power.Production, s.power.Export = 3000, 2000 // the export is limited instead
	s.run(2 * time.Minute)
	s.want("accepted", "write production limited to 2000 W", "applied", "no_effect: 2000 W asked, 3000 W", "write no limit", "restored: the power did the opposite")

	s.send(`{"production":2000}`)
	s.power.Production, s.power.Export = 2000, 1000
	s.run(5 * time.Minute)
	s.want("accepted", "write production limited to 2000 W", "applied", "effective: 2000 W asked, 2000 W")
}

// TestEffectAfterReload: the time is that since the write.
func TestEffectAfterReload(t *testing.T) {
	for _, tt := range []struct {
		down time.Duration
		want []string
	}{
		{40 * time.Second, []string{"applied", "effective: 500 W asked, 490 W after 60 s"}},
		{-time.Hour, []string{"applied", "effective: 500 W asked, 490 W after 1 s"}}, // the clock was set back
		{10 * time.Minute, []string{"applied"}},
	} {
		s := newScript(t, enabled)
		s.send("500")
		s.want("accepted", "write", "applied")
		s.power.Export = 490
		s.restart(Config{Enabled: true, Run: "run 1"}, tt.down)
		s.run(20 * time.Second)
		s.want(tt.want...)
	}
}
