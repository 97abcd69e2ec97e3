package enlightentest

import (
	"cmp"
	"fmt"
	"net/http"
)

// formCookie is the session of the page for tokens.
const formCookie = "SESSION"

// unchanged are the answers to a login that are the same in both logins.
var unchanged = map[Answer]bool{
	LoginDown: true, LoginLimited: true, LoginHuge: true, LoginElsewhere: true, LoginHang: true, LoginReset: true,
}

// formLogin answers the login form. What is wrong is only in the words of a page.
func (c *Cloud) formLogin(w http.ResponseWriter, r *http.Request) {
	user := r.PostFormValue("username")
	a, known := c.attempt(user, r.PostFormValue("password"))
	switch {
	case unchanged[a]:
		logins[a](w, r)
		return
	case logins[a] != nil, !known:
		loginForm(w)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: formCookie, Value: c.session(user), Path: "/", Secure: true, HttpOnly: true})
	page(w, http.StatusOK, "Select System")
}

func loginForm(w http.ResponseWriter) {
	page(w, http.StatusOK, `Sign in</h1><form><input name="username"><input type="password" name="password"></form><h1>`)
}

// formToken answers the form for a token.
func (c *Cloud) formToken(w http.ResponseWriter, r *http.Request) {
	serial := r.PostFormValue("serialNum")
	a := c.count()
	var user string
	var ok bool
	if id, err := r.Cookie(formCookie); err == nil {
		user, ok = c.user(id.Value)
	}
	switch {
	case a == TokensText:
		tokenPage(w, "Error: this system is not yours, homer@example.com!")
	case tokens[a] != nil:
		tokens[a](w, r)
	case !ok:
		loginForm(w)
	default:
		tokenPage(w, c.token(a, cmp.Or(c.FormRole, c.Role), serial, user))
	}
}

func tokenPage(w http.ResponseWriter, text string) {
	page(w, http.StatusOK, fmt.Sprintf(`Token</h1><textarea name="accessToken" id="JWTToken" cols="30" rows="10" >%s</textarea><h1>`, text))
}
