package sunspec_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/sunspec"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/sunspec/sunspectest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/transport"
)

// host is where devices are simulated. The library connects by itself, so that these
// tests use sockets; none depends on how fast they are.
const host = "127.0.0.1"

// long is a timeout that no test reaches.
const long = time.Minute

// start starts a device and a client of it.
func start(t *testing.T, timeout time.Duration, models ...sunspectest.Model) (*sunspectest.Device, *sunspec.Client) {
	t.Helper()
	d := sunspectest.Start(models...)
	c := &sunspec.Client{Port: d.Port(), Timeout: timeout}
	t.Cleanup(func() {
		c.CloseIdle()
		d.Close()
	})
	return d, c
}

func threePhases() []sunspectest.Model {
	return []sunspectest.Model{sunspectest.Common(), sunspectest.AC(sunspectest.ThreePhases()), {ID: 702, Registers: make([]uint16, 50)}}
}

// read reads W, which must succeed.
func read(t *testing.T, c *sunspec.Client) float64 {
	t.Helper()
	m, err := c.Read(t.Context(), host)
	if err != nil {
		t.Fatal(err)
	}
	return m.Total.W.Value
}

// TestRead: the models are looked for once, then one request reads the measurement,
// all on one connection.
func TestRead(t *testing.T) {
	d, c := start(t, long, threePhases()...)
	for range 3 {
		if w := read(t, c); w != 4321 {
			t.Errorf("W = %v, want 4321", w)
		}
	}
	if connections, _, requests := d.Counts(); connections != 1 || requests != 5+3 { // the marker, four headers, three measurements
		t.Errorf("%d connections, %d requests, want 1 and 8", connections, requests)
	}
	c.CloseIdle()
	if !d.WaitForConnections(0) {
		t.Error("the connection is still open")
	}
	if w := read(t, c); w != 4321 {
		t.Errorf("after CloseIdle: W = %v", w)
	}
}

// TestFaults: a response that is not right is an error that says what is wrong, and the
// next reading is right, on a new connection.
func TestFaults(t *testing.T) {
	for _, tt := range []struct {
		fault   sunspectest.Fault
		n       int
		want    string
		timeout bool
	}{
		{sunspectest.Hang, 1, "no complete response within", true},
		{sunspectest.Stalled, 1, "no complete response within", true},
		{sunspectest.OldTransaction, 1, "no complete response within", true},
		{sunspectest.NotModbus, 1, "the response is not Modbus TCP (protocol error)", false},
		{sunspectest.Exception, 1, "the device reports the Modbus exception: server device busy", false},
		{sunspectest.UnknownCode, 1, "unknown exception code (77)", false},
		{sunspectest.Truncated, 1, "unexpected EOF", false},
		{sunspectest.Short, 1, "the response is not Modbus TCP (protocol error)", false},
		{sunspectest.Endless, 1, "the response is not Modbus TCP (protocol error)", false},
		{sunspectest.WrongUnit, 1, "the response is not Modbus TCP (bad unit id)", false},
		{sunspectest.Disconnect, 2, "EOF", false},
	} {
		t.Run(string(tt.fault), func(t *testing.T) {
			timeout := long
			if tt.timeout {
				timeout = 200 * time.Millisecond
			}
			d, c := start(t, timeout, threePhases()...)
			if !tt.timeout { // else the marker is not answered
				read(t, c)
			}
			d.Fault(tt.fault, tt.n)
			_, err := c.Read(t.Context(), host)
			if err == nil || !strings.Contains(err.Error(), tt.want) || transport.IsTimeout(err) != tt.timeout {
				t.Errorf("Read = %v, want %q", err, tt.want)
			}
			c.Timeout = long
			d.Fault("", 0)
			if w := read(t, c); w != 4321 {
				t.Errorf("after the fault: W = %v", w)
			}
		})
	}
}

// TestRestart: a device that has restarted is read at once, and its models are looked
// for again.
func TestRestart(t *testing.T) {
	d, c := start(t, long, threePhases()...)
	read(t, c)
	d.Down()
	_, err := c.Read(t.Context(), host)
	if !errors.Is(err, sunspec.ErrNoConnection) || !transport.IsConnection(err) {
		t.Errorf("while it is down: %v, want ErrNoConnection", err)
	}
	changed := sunspectest.ThreePhases()
	changed["W"] = 17
	d.Change(sunspectest.Common(), sunspectest.Model{ID: 713, Registers: make([]uint16, 7)}, sunspectest.AC(changed))
	up(t, d)
	if w := read(t, c); w != 17 {
		t.Errorf("after the restart: W = %v, want 17", w)
	}
	d.Down()
	up(t, d)
	if w := read(t, c); w != 17 { // without an error between
		t.Errorf("after a restart between two readings: W = %v, want 17", w)
	}
}

// TestPlaces: the registers that a public script reads from a real gateway have the
// meaning that they have there.
func TestPlaces(t *testing.T) {
	d, c := start(t, long, sunspectest.Common(), sunspectest.AC(sunspectest.Values{"ACType": 0, "W": 0, "A_SF": -2, "V_SF": -2, "Hz_SF": -2, "W_SF": 0, "PF_SF": -2, "VA_SF": 0, "Var_SF": 0, "TotWh_SF": 0}))
	for address, value := range map[uint16]uint16{
		40080: 1234, 40081: 1240, 40082: 10, 40083: 99, 40084: 537, 40086: 23012, 40087: 0, 40088: 5001, // W, VA, var, power factor, A, V, Hz
		40089: 0, 40090: 0, 40091: 0x00bc, 40092: 0x614e, // Wh
	} {
		d.Set(address, value)
	}
	m, err := c.Read(t.Context(), host)
	const want = "1234 1240 10 0.99 5.37 230.12 1.2345678e+07 - 50.01"
	if got := text(m); err != nil || got != want {
		t.Errorf("Read = %s, %v, want %s", got, err, want)
	}
}

// TestUnit: a device that does not know the first unit is read as the other one.
func TestUnit(t *testing.T) {
	d, c := start(t, long, threePhases()...)
	d.SetUnit(126)
	for range 2 {
		if w := read(t, c); w != 4321 {
			t.Errorf("W = %v", w)
		}
	}
	c.CloseIdle()
	d.SetUnit(2)
	if _, err := c.Read(t.Context(), host); err == nil || !strings.Contains(err.Error(), "gateway target device failed to respond") {
		t.Errorf("with another unit: %v", err)
	}
}

// TestModels: devices that do not have the measurement.
func TestModels(t *testing.T) {
	for _, tt := range []struct {
		name   string
		models []sunspectest.Model
		want   string
	}{
		{"another inverter", []sunspectest.Model{sunspectest.Common(), {ID: 103, Registers: make([]uint16, 50)}}, "it has the models 1, 103"},
		{"several", append(threePhases(), threePhases()...), "it has the models 1, 701, 702, 1, 701, 702"},
	} {
		_, c := start(t, long, tt.models...)
		if _, err := c.Read(t.Context(), host); !errors.Is(err, sunspec.ErrNoMeasurement) || !strings.HasSuffix(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
	d, c := start(t, long, threePhases()...)
	d.Set(40001, 0)
	if _, err := c.Read(t.Context(), host); !errors.Is(err, sunspec.ErrNoMeasurement) {
		t.Errorf("without a marker: %v", err)
	}
	d.Set(40001, 0x6e53)
	read(t, c)
	d.Set(40070, 702) // of the model 701
	if _, err := c.Read(t.Context(), host); err == nil || !strings.Contains(err.Error(), "has become a model 702") {
		t.Errorf("a model that has moved: %v", err)
	}
}

// TestCancel: Read returns when its context ends. The request that was sent continues,
// and the next Read waits for it, so that there is never a second connection.
func TestCancel(t *testing.T) {
	d, c := start(t, long, threePhases()...)
	read(t, c)
	d.Fault(sunspectest.Hang, 1)
	_, _, before := d.Counts()
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("the program ends")
	go func() {
		for requests := before; requests == before; _, _, requests = d.Counts() {
			runtime.Gosched()
		}
		cancel(cause)
	}()
	for range 2 {
		if _, err := c.Read(ctx, host); !errors.Is(err, cause) {
			t.Errorf("Read = %v, want %v", err, cause)
		}
	}
	c.CloseIdle() // does not wait
	if connections, _, _ := d.Counts(); connections != 1 || !d.WaitForConnections(1) {
		t.Errorf("%d connections, want the first one", connections)
	}
	d.Down()
	up(t, d)
	if w := read(t, c); w != 4321 {
		t.Errorf("after the restart: W = %v", w)
	}
	if connections, peak, _ := d.Counts(); connections != 2 || peak != 1 {
		t.Errorf("%d connections, %d at the same time, want 2 and 1", connections, peak)
	}
}

func TestProbe(t *testing.T) {
	d, c := start(t, long, threePhases()...)
	if err := c.Probe(t.Context(), host); err != nil {
		t.Errorf("Probe = %v", err)
	}
	d.Down()
	if err := c.Probe(t.Context(), host); !transport.IsConnection(err) {
		t.Errorf("Probe of a closed port = %v", err)
	}
}

func TestUnknownHost(t *testing.T) {
	c := new(sunspec.Client)
	if _, err := c.Read(t.Context(), "no such host"); err == nil || !strings.HasPrefix(err.Error(), "read no such host:502 by Modbus TCP: ") {
		t.Errorf("Read = %v", err)
	}
}

func up(t *testing.T, d *sunspectest.Device) {
	t.Helper()
	if err := d.Up(); err != nil {
		t.Fatal(err)
	}
}
