package bridge

import "time"

// migrationInterval separates the steps of a migration between the forms of
// discovery.
const migrationInterval = time.Second

// A migrationTimer adds eventMigration to the events of the goroutine that owns it, so
// that migrations continue, though no sample follows.
type migrationTimer struct {
	events    *events
	isRunning bool // eventMigration follows
}

// schedule starts the timer if a migration must continue. The owner calls it after each
// step.
func (m *migrationTimer) schedule(isMigrating bool) {
	if isMigrating && !m.isRunning {
		m.isRunning = true
		time.AfterFunc(migrationInterval, func() { m.events.add(eventMigration) })
	}
}

// stopped records that eventMigration has arrived.
func (m *migrationTimer) stopped() { m.isRunning = false }
