package enlighten

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A response is a complete response of the cloud.
type response struct {
	code       int // HTTP status
	body       []byte
	retryAfter time.Duration // that the cloud asks for, 0 if it does not
}

// statusError returns the error of a response without success.
func (r response) statusError() error { return &statusError{Code: r.code, RetryAfter: r.retryAfter} }

// parseRetryAfter returns the delay of a header Retry-After in seconds, 0 for others.
func parseRetryAfter(header string) time.Duration {
	seconds, _ := strconv.ParseUint(header, 10, 31)
	return time.Duration(seconds) * time.Second
}

// isWebPage reports whether the response is HTML.
func (r response) isWebPage() bool { return bytes.HasPrefix(bytes.TrimSpace(r.body), []byte("<")) }

// sessionID returns the session id from the response to a login, or why there is
// none. The formats are those of home-assistant/core#155793 and #152659. Fields
// that an installer's account lacks, such as is_consumer, are not used.
func (r response) sessionID(acc Account) (string, error) {
	var doc struct {
		SessionID   string `json:"session_id"`
		Message     string `json:"message"`
		RequiresMFA bool   `json:"requires_mfa"`
		Blocked     bool   `json:"isBlocked"`
		Success     bool   `json:"success"`
	}
	err := json.Unmarshal(r.body, &doc)
	switch {
	case err == nil && doc.Blocked:
		return "", ErrBlocked
	case err == nil && doc.RequiresMFA:
		return "", ErrMFA
	case r.code == http.StatusUnauthorized, err == nil && doc.Message == "Invalid":
		return "", ErrPassword
	case r.code != http.StatusOK:
		return "", r.statusError()
	case r.isWebPage():
		return "", ErrWebPage
	case err != nil:
		return "", errors.New("the answer is not the JSON of a login")
	case doc.SessionID != "":
		return doc.SessionID, nil
	case doc.Success:
		return "", ErrMFA
	}
	message := clean(doc.Message, acc.Username, acc.Password)
	return "", fmt.Errorf("%w: %s", errNoSession, cmp.Or(message, "unknown"))
}

// isLoginForm reports whether the response asks for a password.
func (r response) isLoginForm() bool { return bytes.Contains(r.body, []byte(`type="password"`)) }

// tokenField returns the text of the field with the token.
func (r response) tokenField() ([]byte, bool) {
	_, field, ok := bytes.Cut(r.body, []byte(`id="JWTToken"`))
	if !ok {
		return nil, false
	}
	_, text, ok := bytes.Cut(field, []byte(">"))
	if !ok {
		return nil, false
	}
	text, _, ok = bytes.Cut(text, []byte("</textarea>"))
	return bytes.TrimSpace(text), ok
}

// clean returns the words of a foreign text that can be shown: up to 16 words of
// letters only that are part of no secret. Tokens, session ids, addresses and
// markup contain other characters. Other words are replaced by "…".
func clean(text string, secrets ...string) string {
	var out []string
	for w := range strings.FieldsSeq(text) {
		if !showable(strings.TrimRight(w, ".,:;!?"), secrets) {
			w = "…"
			if len(out) > 0 && out[len(out)-1] == w {
				continue
			}
		}
		if out = append(out, w); len(out) == 16 {
			break
		}
	}
	return strings.Join(out, " ")
}

// showable reports whether word has 1 to 16 letters, no other characters, and is
// part of no secret.
func showable(word string, secrets []string) bool {
	for _, r := range word {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return false
		}
	}
	for _, s := range secrets {
		if strings.Contains(strings.ToLower(s), strings.ToLower(word)) {
			return false
		}
	}
	return word != "" && len(word) <= 16
}
