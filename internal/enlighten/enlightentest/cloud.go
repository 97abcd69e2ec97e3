package enlightentest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// The paths of the cloud's endpoints, as on Enphase's two hosts.
const (
	LoginPath = "/login/login.json"
	TokenPath = "/tokens"
	WebPath   = "/entrez-auth-token" // used by Enphase's web page, with the cookie of the login

	FormPath      = "/login"         // the login form of Enphase's page for tokens
	FormTokenPath = "/entrez_tokens" // the form for a token, with the cookie of that login
)

// A Cloud is a simulated cloud with one account. The zero value accepts every
// account and issues owner's tokens for a year. Its methods may be called
// concurrently, also while it serves.
type Cloud struct {
	Username, Password string        // of the account; both empty = any
	Life               time.Duration // of a token; zero = a year for an owner, 12 hours for an installer
	Role               string        // owner or installer; empty = owner
	FormRole           string        // the same, of tokens by the login form; empty = Role

	mu         sync.Mutex // guards the fields below
	answer     Answer
	retryAfter string
	logins     []time.Time
	tokens     int
	users      map[string]string // by session
	last       string            // the newest token
	secrets    []string
}

// Set makes the cloud respond with a from now on.
func (c *Cloud) Set(a Answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer = a
}

// SetRetryAfter gives all responses from now on a header Retry-After.
func (c *Cloud) SetRetryAfter(value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.retryAfter = value
}

// Logins returns the times of all login requests, oldest first.
func (c *Cloud) Logins() []time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.logins)
}

// Tokens returns the number of token requests of both kinds.
func (c *Cloud) Tokens() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tokens
}

// Secrets returns all texts that only the store may contain: the tokens and session
// ids that it issued, and the names and passwords that it received.
func (c *Cloud) Secrets() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.secrets)
}

// ServeHTTP implements http.Handler.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	if c.retryAfter != "" {
		w.Header().Set("Retry-After", c.retryAfter)
	}
	c.mu.Unlock()
	switch r.Method + " " + r.URL.Path {
	case "POST " + LoginPath:
		c.login(w, r)
	case "POST " + TokenPath:
		c.entrez(w, r)
	case "GET " + WebPath:
		c.web(w, r)
	case "POST " + FormPath:
		c.formLogin(w, r)
	case "POST " + FormTokenPath:
		c.formToken(w, r)
	default:
		page(w, http.StatusNotFound, "The page you were looking for doesn't exist.")
	}
}

func (c *Cloud) login(w http.ResponseWriter, r *http.Request) {
	user, password := r.PostFormValue("user[email]"), r.PostFormValue("user[password]")
	a, known := c.attempt(user, password)
	switch {
	case logins[a] != nil:
		logins[a](w, r)
		return
	case !known:
		logins[WrongPassword](w, r)
		return
	}
	id := c.session(user)
	doc := map[string]any{
		"message": "success", "session_id": id, "system_id": "1234567", "redirect_url": "",
		"manager_token": c.issue(Claims{Serial: "manager", Username: user}), "is_consumer": true,
	}
	if a == NotConsumer {
		delete(doc, "is_consumer")
	}
	http.SetCookie(w, &http.Cookie{Name: "_enlighten_4_session", Value: id, Path: "/", Secure: true, HttpOnly: true})
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(doc)
}

// attempt counts a login and returns the answer to use, and whether the account is
// the right one.
func (c *Cloud) attempt(user, password string) (Answer, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.logins = append(c.logins, time.Now())
	c.secrets = append(c.secrets, user, password)
	return c.answer, c.Username == "" && c.Password == "" || user == c.Username && password == c.Password
}

func (c *Cloud) entrez(w http.ResponseWriter, r *http.Request) {
	var doc struct {
		ID     string `json:"session_id"`
		Serial string `json:"serial_num"`
		User   string `json:"username"`
	}
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10)).Decode(&doc)
	user, ok := c.user(doc.ID)
	a := c.count()
	switch {
	case tokens[a] != nil:
		tokens[a](w, r)
	case a == WebOnly:
		page(w, http.StatusForbidden, "Forbidden")
	case err != nil || !ok || user != doc.User:
		page(w, http.StatusUnauthorized, "Unauthorized")
	default:
		_, _ = w.Write([]byte(c.token(a, c.Role, doc.Serial, user)))
	}
}

func (c *Cloud) web(w http.ResponseWriter, r *http.Request) {
	a := c.count()
	if tokens[a] != nil {
		tokens[a](w, r)
		return
	}
	id, err := r.Cookie("_enlighten_4_session")
	if err != nil {
		_, _ = w.Write([]byte("You need to sign in first"))
		return
	}
	user, ok := c.user(id.Value)
	if !ok {
		_, _ = w.Write([]byte("You need to sign in first"))
		return
	}
	now := time.Now()
	_ = json.NewEncoder(w).Encode(map[string]any{
		"generation_time": now.Unix(),
		"token":           c.token(a, c.Role, strings.TrimSpace(r.URL.Query().Get("serial_num")), user),
		"expires_at":      now.Add(c.life(c.Role)).Unix(),
	})
}

// count counts a token request and returns the answer to use.
func (c *Cloud) count() Answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tokens++
	return c.answer
}

func (c *Cloud) user(session string) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	u, ok := c.users[session]
	return u, ok
}
