package publish

import "time"

// migrationInterval separates the steps of a migration between the forms of
// discovery.
const migrationInterval = time.Second

// A migrationTimer ensures that a migration continues, though no sample follows.
type migrationTimer struct {
	// onStep is called by a goroutine of its own when the next step is due. The owner of the
	// timer then calls stopped, and takes the step.
	onStep    func()
	isPending bool // a call of onStep follows
}

// schedule starts the timer if a migration must continue. The owner calls it after each
// step.
func (m *migrationTimer) schedule(isMigrating bool) {
	if isMigrating && !m.isPending {
		m.isPending = true
		time.AfterFunc(migrationInterval, m.onStep)
	}
}

// stopped records that onStep was called.
func (m *migrationTimer) stopped() { m.isPending = false }
