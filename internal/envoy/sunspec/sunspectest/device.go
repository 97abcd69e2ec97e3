package sunspectest

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
	"time"
)

// A Fault is something that goes wrong with a device.
type Fault string

// The faults. They strike responses.
const (
	Hang           Fault = "hang"            // no response
	Exception      Fault = "exception"       // the exception 6, server device busy
	UnknownCode    Fault = "unknown code"    // an exception that the standard does not have
	Truncated      Fault = "truncated"       // half a response, then the connection is closed
	Stalled        Fault = "stalled"         // half a response, and nothing more
	Short          Fault = "short"           // a register less than asked for
	Endless        Fault = "endless"         // a length that no response may have
	WrongUnit      Fault = "wrong unit"      // of another device
	OldTransaction Fault = "old transaction" // of another request
	NotModbus      Fault = "not modbus"      // text
	Disconnect     Fault = "disconnect"      // the connection is closed
)

// A Device serves a chain of models from register 40000 on. Its methods are safe for
// concurrent use.
type Device struct {
	mu        sync.Mutex // guards what follows
	registers map[uint16]uint16
	unit      byte // 0 means any
	fault     Fault
	faults    int // how many responses the fault strikes; below zero all
	conns     map[net.Conn]bool
	requests  int
	accepted  int
	peak      int // of open connections
	ln        net.Listener

	addr string
	open sync.WaitGroup
}

// Start starts a device on a port of the loopback interface. The caller must Close it.
func Start(models ...Model) *Device {
	d, err := StartAt("127.0.0.1:0", models...)
	if err != nil {
		panic("sunspectest: " + err.Error()) // as httptest: no test can go on without
	}
	return d
}

// StartAt starts a device at an address.
func StartAt(addr string, models ...Model) (*Device, error) {
	d := &Device{conns: map[net.Conn]bool{}, addr: addr}
	d.Change(models...)
	return d, d.Up()
}

// Port returns the port of the device.
func (d *Device) Port() int {
	_, port, _ := net.SplitHostPort(d.addr)
	n, _ := net.LookupPort("tcp", port)
	return n
}

// Change replaces the models.
func (d *Device) Change(models ...Model) {
	registers := map[uint16]uint16{}
	address := uint16(40000)
	set := func(values ...uint16) {
		for _, v := range values {
			registers[address] = v
			address++
		}
	}
	set(0x5375, 0x6e53)
	for _, m := range models {
		set(m.ID, uint16(len(m.Registers)))
		set(m.Registers...)
	}
	set(0xFFFF, 0)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.registers = registers
}

// Set sets one register.
func (d *Device) Set(address, value uint16) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.registers[address] = value
}

// SetUnit makes the device a Modbus unit that does not answer for others. It answers
// for any at the start.
func (d *Device) SetUnit(unit byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.unit = unit
}

// Fault makes f strike the next n responses; below zero all until Fault("", 0).
func (d *Device) Fault(f Fault, n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault, d.faults = f, n
}

// Counts returns how many connections were accepted, how many were open at the same
// time at most, and how many requests were received.
func (d *Device) Counts() (connections, peak, requests int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.accepted, d.peak, d.requests
}

// Up opens the port, the same one as before.
func (d *Device) Up() error {
	ln, err := net.Listen("tcp", d.addr)
	if err != nil {
		return err
	}
	d.addr = ln.Addr().String()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ln = ln
	d.open.Go(func() { d.accept(ln) })
	return nil
}

// Down closes the port and all connections, as a restart does.
func (d *Device) Down() {
	d.mu.Lock()
	if d.ln != nil {
		d.ln.Close()
		d.ln = nil
	}
	for c := range d.conns {
		c.Close()
	}
	d.mu.Unlock()
	d.open.Wait()
}

// Close ends the device.
func (d *Device) Close() { d.Down() }

// accept serves connections until ln is closed.
func (d *Device) accept(ln net.Listener) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		d.mu.Lock()
		d.conns[c] = true
		d.accepted++
		d.peak = max(d.peak, len(d.conns))
		d.mu.Unlock()
		d.open.Go(func() {
			d.serve(c)
			c.Close()
			d.mu.Lock()
			defer d.mu.Unlock()
			delete(d.conns, c)
		})
	}
}

// serve answers requests until the connection is closed.
func (d *Device) serve(c net.Conn) {
	for {
		request := make([]byte, 12)
		if _, err := io.ReadFull(c, request); err != nil {
			return
		}
		f, response := d.respond(request)
		switch f {
		case Hang:
			continue
		case Truncated, Stalled:
			response = response[:len(response)/2]
		}
		if f == Disconnect {
			return
		}
		if _, err := c.Write(response); err != nil || f == Truncated {
			return
		}
	}
}

// respond returns the response to a request, and the fault that has struck it.
func (d *Device) respond(request []byte) (Fault, []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.requests++
	f := Fault("")
	if d.faults != 0 {
		f = d.fault
		d.faults--
	}
	address, count := binary.BigEndian.Uint16(request[8:]), binary.BigEndian.Uint16(request[10:])
	pdu := d.read(request[7], address, count)
	if d.unit != 0 && d.unit != request[6] {
		pdu = []byte{0x83, 0x0b} // gateway target device failed to respond
	}
	switch f {
	case Exception:
		pdu = []byte{0x83, 6}
	case UnknownCode:
		pdu = []byte{0x83, 77}
	case Short:
		pdu[1] -= 2
		pdu = pdu[:len(pdu)-2]
	case NotModbus:
		return f, []byte("HTTP/1.1 400 Bad Request\r\n\r\n")
	}
	response := append([]byte(nil), request[:7]...) // transaction, protocol, length, unit
	binary.BigEndian.PutUint16(response[4:], uint16(1+len(pdu)))
	switch f {
	case Endless:
		binary.BigEndian.PutUint16(response[4:], 0xFFFF)
	case WrongUnit:
		response[6]++
	case OldTransaction:
		response[1]--
	}
	return f, append(response, pdu...)
}

// read reads holding registers. It has no other function and no other unit.
func (d *Device) read(function byte, address, count uint16) []byte {
	if function != 3 {
		return []byte{function | 0x80, 1}
	}
	if count == 0 || count > 125 {
		return []byte{0x83, 3}
	}
	pdu := []byte{3, byte(2 * count)}
	for i := range count {
		v, ok := d.registers[address+i]
		if !ok {
			return []byte{0x83, 2}
		}
		pdu = binary.BigEndian.AppendUint16(pdu, v)
	}
	return pdu
}

// WaitForConnections waits until n connections are open, and reports whether they are
// within 10 s.
func (d *Device) WaitForConnections(n int) bool {
	timeout, tick := time.After(10*time.Second), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for {
		d.mu.Lock()
		open := len(d.conns)
		d.mu.Unlock()
		if open == n {
			return true
		}
		select {
		case <-timeout:
			return false
		case <-tick.C:
		}
	}
}
