package envoytest

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/icholy/digest"
)

func TestTokens(t *testing.T) {
	g := &Gateway{Accept: func(token string) bool { return strings.HasPrefix(token, "good") }}
	s := NewServer(g)
	defer s.Close()
	for _, row := range []struct {
		require       []string // nil: leave it
		authorization string
		data, check   int
	}{
		{nil, "", 401, 401},
		{nil, "Bearer bad", 401, 401},
		{nil, "Basic good", 401, 401},
		{nil, "Bearer good", 200, 200},
		{[]string{"good2"}, "Bearer good", 401, 401},
		{[]string{"good2"}, "Bearer good2", 200, 200},
		{[]string{"bad"}, "Bearer bad", 401, 401}, // Accept has its say too
		{[]string{}, "Bearer good", 401, 401},
	} {
		if row.require != nil {
			g.RequireToken(row.require...)
		}
		for path, want := range map[string]int{production: row.data, checkJWT: row.check, "/info": 200, "/home": 200} {
			r, b, err := try(t, s.Client(), s.URL+path, row.authorization)
			if err != nil || r.StatusCode != want {
				t.Errorf("%q with %q required: %s = %v, %v, want %d", row.authorization, row.require, path, r, err, want)
			}
			if r.StatusCode == 401 && !strings.Contains(string(b), "401 Authorization Required") {
				t.Errorf("%s: 401 with body %q", path, b)
			}
		}
	}
}

func TestSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &Gateway{RequireCookie: true}
		s := NewServer(g)
		defer s.Close()
		c := s.Client()
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		c.Jar = jar
		data := func(after string, want int) {
			t.Helper()
			if r, _ := get(t, c, s.URL+production); r.StatusCode != want {
				t.Errorf("data %s = %d, want %d", after, r.StatusCode, want)
			}
		}
		login := func() {
			t.Helper()
			r, b := get(t, c, s.URL+checkJWT)
			if r.StatusCode != 200 || string(b) != "<!DOCTYPE html><h2>Valid token.</h2>\n" {
				t.Fatalf("check_jwt = %d %q", r.StatusCode, b)
			}
		}
		data("with a token alone", 401)
		login()
		data("with a session", 200)
		for range 5 {
			time.Sleep(idle - time.Second)
			data("before the session is idle", 200)
		}
		time.Sleep(idle + time.Second)
		data("after the session was idle", 401)
		login()
		g.ExpireSessions()
		data("after the sessions were lost", 401)
		login()
		g.RequireToken("other")
		data("after another token is required", 401)
		if n := len(g.sessions.used); n != 0 {
			t.Errorf("%d sessions left", n)
		}
	})
}

// A session lasts without the token that opened it; 8.3.5289 opens one itself.
func TestSessionWithoutToken(t *testing.T) {
	for firmware, want := range map[string]int{"D8.2.4382": 401, "D8.3.5289": 200} {
		s := NewServer(&Gateway{Firmware: firmware})
		c := s.Client()
		c.Jar, _ = cookiejar.New(nil) // fails for options alone
		get(t, c, s.URL+production)
		r, _, err := try(t, c, s.URL+production, "")
		s.Close()
		if err != nil || r.StatusCode != want {
			t.Errorf("%s: data after data without a token = %v, %v, want %d", firmware, r, err, want)
		}
	}
}

func TestCookieIsSecureOverTLS(t *testing.T) {
	s := NewTLSServer(&Gateway{})
	defer s.Close()
	r, _ := get(t, s.Client(), s.URL+checkJWT)
	if got := r.Header.Get("Set-Cookie"); !strings.HasPrefix(got, "sessionId=") || !strings.HasSuffix(got, "; Secure; HttpOnly; path=/") {
		t.Errorf("Set-Cookie = %q", got)
	}
}

func TestDigest(t *testing.T) {
	const inverters, data = "/api/v1/production/inverters", "/production.json"
	factory := Digest{"envoy", "345678"}
	for _, row := range []struct {
		gateway, client Digest
		path            string
		want            int
	}{
		{Digest{}, Digest{}, data, 200},
		{Digest{}, Digest{"envoy", "122012"}, inverters, 401},
		{Digest{}, factory, inverters, 200},
		{Digest{"installer", "x"}, factory, data, 401},
		{Digest{"installer", "x"}, Digest{"installer", "y"}, data, 401},
		{Digest{"installer", "x"}, Digest{"installer", "x"}, data, 200},
	} {
		s := NewServer(&Gateway{Firmware: "D5.0.62", Digest: row.gateway})
		tr := &digest.Transport{Username: row.client.User, Password: row.client.Password, Transport: s.Client().Transport}
		r, _, err := try(t, &http.Client{Transport: tr}, s.URL+row.path, "")
		s.Close()
		if err != nil || r.StatusCode != row.want {
			t.Errorf("%+v asked by %s: %s = %v, %v, want %d", row.gateway, row.client.User, row.path, r, err, row.want)
		}
	}
}

// The journal tells how a client came, and nothing that it came with.
func TestRequestsHoldNoSecret(t *testing.T) {
	g := &Gateway{}
	s := NewServer(g)
	defer s.Close()
	c := s.Client()
	c.Jar, _ = cookiejar.New(nil) // fails for options alone
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	c.Jar.SetCookies(u, []*http.Cookie{{Name: sessionCookie, Value: "hush"}})
	for _, a := range []string{"Bearer hush", "Digest hush", "hush", ""} {
		if _, _, err := try(t, c, s.URL+production, a); err != nil {
			t.Fatal(err)
		}
	}
	var schemes []string
	for _, r := range g.Requests() {
		schemes = append(schemes, r.Scheme)
		if !r.Cookie || r.Path != "/production.json" || r.Query != "details=1" {
			t.Errorf("request %d = %+v", r.N, r)
		}
	}
	if got := strings.Join(schemes, " "); got != "Bearer Digest other " {
		t.Errorf("schemes = %q", got)
	}
	if all := fmt.Sprintf("%+v", g.Requests()); strings.Contains(all, "hush") {
		t.Errorf("the journal holds a secret: %s", all)
	}
}
