package enlightentest

import (
	"bytes"
	"fmt"
	"net/http"
)

// An Answer is the name of a response of the cloud.
type Answer string

// The answers. Those seen in the field cite the public thread.
const (
	OK Answer = "" // both steps succeed

	// Responses to the login.
	WrongPassword  Answer = "wrong password"  // home-assistant/core#152659
	MFA            Answer = "mfa"             // home-assistant/core#155793
	MFARequired    Answer = "mfa required"    // another format
	Blocked        Answer = "blocked"         //
	LoginPage      Answer = "login page"      // 200 with HTML: barneyonline/ha-enphase-energy#528
	LoginDown      Answer = "login down"      // 503 with HTML
	LoginLimited   Answer = "login limited"   // 429
	LoginOdd       Answer = "login odd"       // JSON without a session id that repeats the request
	LoginGarbage   Answer = "login garbage"   //
	LoginHuge      Answer = "login huge"      //
	LoginElsewhere Answer = "login elsewhere" // a redirect to another host
	LoginHang      Answer = "login hang"      // no response until the client disconnects
	LoginReset     Answer = "login reset"     // the connection is closed
	NotConsumer    Answer = "not consumer"    // an installer's account without is_consumer: succeeds

	// Responses to a token request.
	Tokens401      Answer = "tokens 401"
	Tokens403      Answer = "tokens 403" // July 2025
	Tokens404      Answer = "tokens 404"
	Tokens406      Answer = "tokens 406" // September 2025
	Tokens422      Answer = "tokens 422"
	Tokens429      Answer = "tokens 429"
	Tokens500      Answer = "tokens 500"
	TokensText     Answer = "tokens text"   // 200 with a sentence: vincentwolsink/home_assistant_enphase_envoy_installer#311
	TokensPage     Answer = "tokens page"   // 200 with HTML
	TokensHang     Answer = "tokens hang"   // no response until the client disconnects
	TokensReset    Answer = "tokens reset"  // the connection is closed
	OtherSerial    Answer = "other serial"  // a token for another gateway
	Expired        Answer = "expired"       // a token that has expired
	SameToken      Answer = "same token"    // the last token again
	WebOnly        Answer = "web only"      // 403, but WebPath succeeds
	ListAudience   Answer = "list audience" // aud is a list: succeeds
	Uncommissioned Answer = "un-commissioned"
)

// Answers contains all answers.
var Answers = []Answer{
	OK, WrongPassword, MFA, MFARequired, Blocked, LoginPage, LoginDown, LoginLimited, LoginOdd, LoginGarbage,
	LoginHuge, LoginElsewhere, LoginHang, LoginReset, NotConsumer,
	Tokens401, Tokens403, Tokens404, Tokens406, Tokens422, Tokens429, Tokens500, TokensText, TokensPage,
	TokensHang, TokensReset, OtherSerial, Expired, SameToken, WebOnly, ListAudience, Uncommissioned,
}

// The responses to a login that open no session.
var logins = map[Answer]http.HandlerFunc{
	WrongPassword: text(http.StatusUnauthorized, `{"message":"Invalid"}`),
	MFA:           text(http.StatusOK, `{"success":true,"isBlocked":false}`),
	MFARequired:   text(http.StatusOK, `{"success":true,"isBlocked":false,"requires_mfa":true}`),
	Blocked:       text(http.StatusOK, `{"success":false,"isBlocked":true}`),
	LoginPage:     html(http.StatusOK, "Sign in to Enlighten"),
	LoginDown:     html(http.StatusServiceUnavailable, "We're sorry, but something went wrong."),
	LoginLimited:  text(http.StatusTooManyRequests, `{"message":"Too many requests"}`),
	LoginOdd: func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `{"message":%q}`, "Sorry, "+r.PostFormValue("user[email]")+" cannot use "+r.PostFormValue("user[password]"))
	},
	LoginGarbage:   text(http.StatusOK, "{\"message\":\x00\xff"),
	LoginHuge:      huge,
	LoginElsewhere: elsewhere,
	LoginHang:      hang,
	LoginReset:     reset,
}

// The responses to a token request that contain no token.
var tokens = map[Answer]http.HandlerFunc{
	Tokens401:   html(http.StatusUnauthorized, "Unauthorized"),
	Tokens403:   html(http.StatusForbidden, "Forbidden"),
	Tokens404:   html(http.StatusNotFound, "Not found"),
	Tokens406:   html(http.StatusNotAcceptable, "Not acceptable"),
	Tokens422:   html(http.StatusUnprocessableEntity, "The change you wanted was rejected."),
	Tokens429:   html(http.StatusTooManyRequests, "Too many requests"),
	Tokens500:   html(http.StatusInternalServerError, "We're sorry, but something went wrong."),
	TokensText:  text(http.StatusOK, "Error: this system is not yours, homer@example.com!"),
	TokensPage:  html(http.StatusOK, "Sign in to Entrez"),
	TokensHang:  hang,
	TokensReset: reset,
}

func text(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}
}

func html(code int, what string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { page(w, code, what) }
}

func page(w http.ResponseWriter, code int, what string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	_, _ = fmt.Fprintf(w, "<!DOCTYPE html>\n<html><head><title>Enphase</title></head><body><h1>%s</h1></body></html>\n", what)
}

func elsewhere(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "https://elsewhere.example/login", http.StatusTemporaryRedirect)
}

func huge(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bytes.Repeat([]byte("0"), 1<<20)) }

func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func reset(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
