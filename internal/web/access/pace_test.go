package access

import (
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"
)

func TestClientsAreBounded(t *testing.T) {
	var p Pacer
	for i := range 3 * maxClients {
		r := httptest.NewRequest("POST", "/", nil)
		r.RemoteAddr = netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}).String() + ":1"
		if _, ok := p.Attempt(r, time.Now()); !ok {
			t.Errorf("the first attempt of client %d was refused", i)
		}
	}
	if n := len(p.attempts); n > maxClients {
		t.Errorf("%d clients are remembered, want at most %d", n, maxClients)
	}
}
