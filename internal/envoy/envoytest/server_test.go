package envoytest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestTLSServer(t *testing.T) {
	s := NewTLSServer(&Gateway{Start: noon()})
	defer s.Close()
	for range 20 {
		if r, _ := get(t, s.Client(), s.URL+production); r.StatusCode != 200 {
			t.Fatalf("%s = %d", production, r.StatusCode)
		}
	}
	if got := s.Handshakes(); got != 1 {
		t.Errorf("%d handshakes for 20 requests, want 1", got)
	}
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	for _, row := range []struct {
		name string
		cfg  *tls.Config
		want string
	}{
		{"envoy.local", &tls.Config{RootCAs: pool}, ""},
		{"127.0.0.1", &tls.Config{RootCAs: pool}, "certificate"},
		{"envoy.local", nil, "certificate"},
	} {
		c := &http.Client{Transport: &http.Transport{DialContext: s.Dial, TLSClientConfig: row.cfg}}
		_, _, err := try(t, c, "https://"+row.name+"/info", "")
		c.CloseIdleConnections()
		if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s with %v: %v, want %q", row.name, row.cfg, err, row.want)
		}
	}
	pin, port := s.Fingerprint(), s.URL
	s.SetTLS(nil)
	if s.Fingerprint() == pin || s.URL != port {
		t.Errorf("a new certificate: %s at %s, was %s at %s", s.Fingerprint(), s.URL, pin, port)
	}
	if r, _ := get(t, s.Client(), s.URL+"/info"); r.StatusCode != 200 {
		t.Errorf("/info = %d with the new certificate", r.StatusCode)
	}
}

// What net/http does by default fails; what an old gateway wants works.
func TestLegacyTLS(t *testing.T) {
	suites := []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}
	for _, row := range []struct {
		name          string
		server        *tls.Config
		version, want uint16
		fails         string
	}{
		{"RSA key exchange", RSAOnlyTLS(), 0, tls.VersionTLS12, "handshake failure"},
		{"TLS 1.0", TLS10(), tls.VersionTLS10, tls.VersionTLS10, "protocol version"},
	} {
		s := NewTLSServer(&Gateway{Firmware: "D7.0.88"})
		s.SetTLS(row.server)
		if _, _, err := try(t, s.Client(), s.URL+"/info", ""); err == nil || !strings.Contains(err.Error(), row.fails) {
			t.Errorf("%s, by default: %v, want %s", row.name, err, row.fails)
		}
		c := &http.Client{Transport: &http.Transport{DialContext: s.Dial, TLSClientConfig: &tls.Config{
			InsecureSkipVerify: true, MinVersion: row.version, CipherSuites: suites,
		}}}
		r, _, err := try(t, c, s.URL+"/info", "")
		c.CloseIdleConnections()
		if err != nil || r.TLS.Version != row.want || r.TLS.CipherSuite != suites[0] {
			t.Errorf("%s, with old suites: %v, %v", row.name, r, err)
		}
		s.Close()
	}
}

func TestRefuse(t *testing.T) {
	for name, s := range map[string]*Server{
		"pipes": NewServer(&Gateway{}),
		"plain": NewPlainServer(&Gateway{}),
		"TLS":   NewTLSServer(&Gateway{}),
	} {
		c := s.Client()
		for range 2 {
			get(t, c, s.URL+"/info")
			s.Refuse(true)
			s.Refuse(true)
			if _, _, err := try(t, c, s.URL+"/info", ""); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("%s: %v, want connection refused", name, err)
			}
			s.Refuse(false)
			s.Refuse(false)
		}
		get(t, c, s.URL+"/info")
		s.Close()
	}
}

// A firmware listens where it listens: an upgrade closes port 80.
func TestPorts(t *testing.T) {
	for _, row := range []struct {
		firmware     string
		plain, https bool
	}{
		{"R4.10.35", true, false},
		{"D7.6.175", true, true},
		{"D8.3.5169", true, true},
		{"D8.3.5286", false, true},
	} {
		g := &Gateway{Firmware: row.firmware}
		plain, https := NewPlainServer(g), NewTLSServer(g)
		for s, want := range map[*Server]bool{plain: row.plain, https: row.https} {
			if _, _, err := try(t, s.Client(), s.URL+"/info", ""); (err == nil) != want {
				t.Errorf("%s at %s: %v, want an answer: %t", row.firmware, s.URL, err, want)
			}
			s.Close()
		}
	}
}

func TestRebootOverTLS(t *testing.T) {
	g := &Gateway{}
	s := NewTLSServer(g)
	defer s.Close()
	get(t, s.Client(), s.URL+production)
	g.Fault(Reboot, -1)
	if got := outcome(t, s.Client(), s.URL+production); got != "closed" {
		t.Errorf("in a reboot: %q, want a reset", got)
	}
	g.Clear()
	if got := outcome(t, s.Client(), s.URL+production); got != "active 1" {
		t.Errorf("after it: %q", got)
	}
}

// Close waits for what it closes, hanging requests included.
func TestCloseLeavesNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, start := range []func(http.Handler) *Server{NewServer, NewPlainServer, NewTLSServer} {
		for _, f := range []Fault{"", Hang, Slow, Huge} {
			g := &Gateway{}
			s := start(g)
			g.Fault(f, -1)
			done := make(chan error)
			go func() {
				_, _, err := try(t, s.Client(), s.URL+production, "Bearer t")
				done <- err
			}()
			for g.Count("/production.json") == 0 {
				time.Sleep(time.Millisecond)
			}
			if f == "" {
				<-done
			}
			s.Close()
			if f == Hang || f == Slow {
				if err := <-done; err == nil {
					t.Errorf("%s: the request outlived the server", f)
				}
			}
			if f == Huge {
				<-done // may have read enough
			}
		}
	}
	deadline := time.Now().Add(10 * time.Second)
	for runtime.NumGoroutine() > before && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond) // the clients' goroutines end on their own
	}
	if after := runtime.NumGoroutine(); after > before {
		buf := make([]byte, 1<<16)
		t.Errorf("%d goroutines, %d before:\n%s", after, before, buf[:runtime.Stack(buf, true)])
	}
}
