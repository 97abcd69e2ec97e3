package sunspec

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/simonvetter/modbus"

	"github.com/envoy-mqtt/envoy-mqtt/internal/blocking"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/transport"
)

const (
	defaultPort    = 502
	defaultTimeout = 5 * time.Second
)

// ErrNoConnection reports that there is no connection to the port of Modbus TCP.
var ErrNoConnection = errors.New("no connection to Modbus TCP, which gateways have switched off unless Enphase has enabled it")

// A Client reads one device. It has one connection, which is kept
// open, and sends one request at a time. Its methods are safe for concurrent use.
type Client struct {
	// Port is the port of Modbus TCP; 0 means 502.
	Port int
	// Timeout bounds a request with its response; 0 means 5 s. Connecting may take
	// 5 s for each address of a host.
	Timeout time.Duration

	mu    sync.Mutex // guards what follows
	conn  *modbus.ModbusClient
	host  string // of conn
	model model  // with the measurement; found with conn
}

// Read reads the measurement of the device at host. It returns when ctx ends, but a
// request that was sent then continues until its response or the timeout, because
// the Modbus library cannot interrupt it; the next Read waits for it.
func (c *Client) Read(ctx context.Context, host string) (Measurement, error) {
	m, err := blocking.Call(ctx, func() (Measurement, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if err := ctx.Err(); err != nil { // it ended while another request was running
			return Measurement{}, err
		}
		return c.read(ctx, host)
	})
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return Measurement{}, fmt.Errorf("read %s by Modbus TCP: %w", c.address(host), err)
	}
	return m, nil
}

// CloseIdle closes the connection, unless a request is being sent.
func (c *Client) CloseIdle() {
	if c.mu.TryLock() {
		defer c.mu.Unlock()
		c.close()
	}
}

// Probe connects to the port once, and closes the connection.
func (c *Client) Probe(ctx context.Context, host string) error {
	conn, err := transport.Dial(ctx, "tcp", c.address(host))
	if err != nil {
		return err
	}
	return conn.Close()
}

// read reads the measurement. A connection that was used before may have been
// closed meanwhile, as by a restart, so that the device is then read once more on a
// new one. After any other error the models are looked for again, on a new
// connection.
func (c *Client) read(ctx context.Context, host string) (Measurement, error) {
	if host != c.host {
		c.close()
	}
	isReused := c.conn != nil
	m, err := c.readModel(ctx, host)
	if isReused && isBroken(err) {
		m, err = c.readModel(ctx, host)
	}
	return m, err
}

// readModel reads the registers of the model, and closes the connection if it cannot.
func (c *Client) readModel(ctx context.Context, host string) (m Measurement, err error) {
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	if c.conn == nil {
		if err := c.connect(ctx, host); err != nil {
			return Measurement{}, err
		}
		if c.model, err = c.find(ctx); err != nil {
			return Measurement{}, err
		}
	}
	registers, err := c.registers(ctx, c.model.address, neededRegisters)
	if err != nil {
		return Measurement{}, err
	}
	return Parse(registers)
}

// units are the Modbus units under which gateways have been read: by evcc, and by
// programs with the default of Victron's.
var units = []uint8{1, 126}

// find looks for the model. A unit that the device does not have is answered by an
// exception.
func (c *Client) find(ctx context.Context) (m model, err error) {
	for _, unit := range units {
		if err := c.conn.SetUnitId(unit); err != nil {
			return model{}, err
		}
		m, err = findMeasurement(func(address, count int) ([]uint16, error) { return c.registers(ctx, address, count) })
		if _, isException := errors.AsType[*exceptionError](err); !isException {
			return m, err
		}
	}
	return model{}, err
}

// connect opens a connection to the first address of host that accepts one. The
// library does not resolve names that end in .local.
func (c *Client) connect(ctx context.Context, host string) error {
	addrs, err := transport.Resolve(ctx, host)
	if err != nil {
		return err
	}
	for _, a := range addrs {
		if err = c.open(ctx, a); err == nil {
			c.host = host
			return nil
		}
	}
	return fmt.Errorf("%w: %w", ErrNoConnection, err)
}

func (c *Client) open(ctx context.Context, addr netip.Addr) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	conn, err := modbus.NewClient(&modbus.ClientConfiguration{
		URL:     "tcp://" + c.address(addr.Unmap().String()),
		Timeout: c.timeout(),
		Logger:  log.New(io.Discard, "", 0), // else it writes to standard output
	})
	if err != nil {
		return err
	}
	if err := conn.Open(); err != nil {
		return err
	}
	c.conn = conn
	return nil
}

// close forgets the connection and what was found on it.
func (c *Client) close() {
	if c.conn != nil {
		_ = c.conn.Close() // nothing is lost
	}
	c.conn, c.host, c.model = nil, "", model{}
}

// registers reads holding registers.
func (c *Client) registers(ctx context.Context, address, count int) ([]uint16, error) {
	if err := ctx.Err(); err != nil { // the caller has left
		return nil, err
	}
	registers, err := c.conn.ReadRegisters(uint16(address), uint16(count), modbus.HOLDING_REGISTER)
	if err != nil {
		return nil, fmt.Errorf("read registers %d to %d: %w", address, address+count-1, c.explain(err))
	}
	return registers, nil
}

// explain returns an error of the library as one of ours.
func (c *Client) explain(err error) error {
	e, ok := errors.AsType[modbus.Error](err)
	switch {
	case !ok:
		return err
	case e == modbus.ErrRequestTimedOut:
		return transport.TimeoutError(fmt.Sprintf("no complete response within %v", c.timeout()))
	case e == modbus.ErrProtocolError, e == modbus.ErrBadUnitId:
		return fmt.Errorf("%w (%s)", errNotModbus, e)
	}
	return &exceptionError{e.Error()}
}

func (c *Client) timeout() time.Duration { return cmp.Or(c.Timeout, defaultTimeout) }

func (c *Client) address(host string) string {
	return net.JoinHostPort(host, strconv.Itoa(cmp.Or(c.Port, defaultPort)))
}

var errNotModbus = errors.New("the response is not Modbus TCP")

// An exceptionError is a response that reports an exception of Modbus.
type exceptionError struct{ name string }

func (e *exceptionError) Error() string { return "the device reports the Modbus exception: " + e.name }

// Problem returns the name.
func (e *exceptionError) Problem() any { return e.name }

// isBroken reports whether err is of a connection that the device has closed.
func isBroken(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
