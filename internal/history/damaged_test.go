package history

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/history/binfile"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// TestDamagedFile checks that a damaged file is renamed, and that the rest is read.
// The energies of days are in a second file.
func TestDamagedFile(t *testing.T) {
	for _, tt := range []struct {
		name, file string
		damage     func(data []byte) []byte
	}{
		{"days cut", daysFile, func(data []byte) []byte { return data[:len(data)/2] }},
		{"days empty", daysFile, func([]byte) []byte { return nil }},
		{"days of zeros", daysFile, func(data []byte) []byte { return make([]byte, len(data)) }},
		{"days with a wrong bit", daysFile, func(data []byte) []byte { data[100] ^= 4; return data }},
		{"days too large", daysFile, func([]byte) []byte { return make([]byte, state.MaxFileSize+1) }},
		{"powers", "10s-*", func(data []byte) []byte { return data[:100] }},
		{"inverters", "inverters-*", func(data []byte) []byte { return append(data, 0) }},
		{"second file", secondFile, func(data []byte) []byte { return data[:10] }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inTime(t, time.Date(2026, 6, 18, 12, 0, 0, 0, time.UTC), func(t *testing.T) {
				dir, before := saved(t)
				path := filesOf(t, dir, tt.file)[0]
				data, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, tt.damage(data), 0o600); err != nil {
					t.Fatal(err)
				}
				var log bytes.Buffer
				s := &Store{Dir: dir, Location: before.Location, Log: zerolog.New(&log)}
				s.Load()
				isRead := tt.file != secondFile // it is read only if the first is damaged
				if got := strings.Count(log.String(), "history file is damaged"); got != map[bool]int{true: 1}[isRead] {
					t.Errorf("log: %s", log.String())
				}
				if len(filesOf(t, dir, damagedFile)) == 1 != isRead {
					t.Errorf("files %v", filesOf(t, dir, "*"))
				}
				s.Add(serial, completeSample(0.61), time.Now())
				before.Add(serial, completeSample(0.61), time.Now())
				date := DateOf(time.Now())
				got, want := s.Days(serial, date, date), before.Days(serial, date, date)
				if len(got) != 1 || !near(got[0].Imported, want[0].Imported) || !near(got[0].Charged, want[0].Charged) {
					t.Errorf("Days = %+v, want %+v", got, want)
				}
			})
		})
	}
}

// TestNewerVersion checks that files of a newer version stay as they are.
func TestNewerVersion(t *testing.T) {
	for _, name := range []string{daysFile, secondFile, "1min-*", "inverters-*"} {
		inTime(t, time.Date(2026, 6, 18, 12, 0, 0, 0, time.UTC), func(t *testing.T) {
			dir, _ := saved(t)
			path := filesOf(t, dir, name)[0]
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if name == secondFile {
				_ = os.Remove(filesOf(t, dir, daysFile)[0])
			}
			data[len(binfile.Magic)]++
			data = append(data, "more"...)
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			s := &Store{Dir: dir, Log: zerolog.New(&log)}
			s.Load()
			s.Add(serial, completeSample(1), time.Now())
			s.save()
			if got, _ := os.ReadFile(path); !bytes.Equal(got, data) {
				t.Errorf("%s was replaced", name)
			}
			if strings.Count(log.String(), "newer version") != 1 {
				t.Errorf("%s: log %s", name, log.String())
			}
		})
	}
}
