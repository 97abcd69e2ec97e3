package transport

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestSessionJar(t *testing.T) {
	jar := newSessionJar()
	secure, plain, other := &url.URL{Scheme: "https", Host: "gateway"}, &url.URL{Scheme: "http", Host: "gateway"}, &url.URL{Scheme: "https", Host: "other"}
	for _, tt := range []struct {
		name string
		from *url.URL
		set  []*http.Cookie
		to   *url.URL
		want string
	}{
		{"none", secure, nil, secure, ""},
		{"others", secure, []*http.Cookie{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}}, secure, ""},
		{"the session's", secure, []*http.Cookie{{Name: "a", Value: "1"}, {Name: "sessionId", Value: "abc", Secure: true}}, secure, "sessionId=abc"},
		{"secure, over plain http", secure, nil, plain, ""},
		{"to another host", secure, nil, other, ""},
		{"a new one", secure, []*http.Cookie{{Name: "sessionId", Value: "def"}}, plain, "sessionId=def"},
		{"a long one", secure, []*http.Cookie{{Name: "sessionId", Value: strings.Repeat("x", maxCookie+1)}}, secure, "sessionId=def"},
		{"removed", secure, []*http.Cookie{{Name: "sessionId", Value: "def", MaxAge: -1}}, secure, ""},
	} {
		jar.SetCookies(tt.from, tt.set)
		var got []string
		for _, c := range jar.Cookies(tt.to) {
			got = append(got, c.String())
		}
		if strings.Join(got, "; ") != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
