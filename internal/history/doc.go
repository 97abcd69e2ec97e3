// Package history keeps the measurements that the page plots: the power of each
// gateway for a day in steps of 10 s and for 31 days in steps of a minute, the
// energies of 400 days, and the reports of its inverters for eight days.
//
// # Energies
//
// A day is one of the local calendar, of 23 to 25 hours. Its energies are the
// differences of the gateway's lifetime counters. Energies without a counter are
// the integral of the power, over gaps of at most two minutes. If a counter
// appears, falls, jumps or continues in another register, nothing is counted from
// it until its next reading; the integral of the power replaces it so far. A counter
// that the filters hold counts as it is reported.
//
// What a counter counted while the program or the gateway was off is divided among
// the days of the gap in proportion to time, so that the sum is right and no day is
// a false record. After more than 31 days nothing is counted. What was integrated
// is missing for a gap, and so are powers: nothing is interpolated.
//
// The energy that the house used is the counter of total consumption if there are
// no batteries. With batteries it is the balance of production, grid and batteries
// if all of them have counters, else the integral of the power. It is unknown if no
// meter measures the batteries.
//
// # Clock
//
// Nothing is recorded before the year 2000: the clock is not set. If the clock goes
// back, later measurements replace earlier ones of the same time; no counter is
// counted twice. If after a restart the clock is behind the last reading of a counter
// that has risen, the reading waits for 15 minutes until the clock is set. Memory is
// limited by count, not by age, so a clock that is wrong for an hour displaces at
// most the oldest hour, and data of the future is displaced first.
//
// # Limits
//
// A gateway with five series takes at most 1.3 MB of memory and 1.2 MB of disk, in
// 160 files; 50 inverters take 160 kB more. At most 320 inverters are kept. A gateway
// without samples for 31 days takes 60 kB of memory.
//
// Files are in STATE_DIR/history, a folder for each gateway, of which the name is
// its serial number. To forget a gateway, delete its folder while the program does
// not run. Only what has changed is written, every five minutes and at a stop:
// about 60 kB, and 20 kB with 50 inverters. Each file is replaced atomically and
// contains a version and a checksum. After a kill the power of up to five minutes is
// missing and energies of counters are complete. A damaged file is renamed to
// "damaged", which replaces an earlier one, and logged; the energies of days have a
// second file, written once a day. If a file is of a newer version, nothing of that
// gateway is written, and this is logged too.
package history
