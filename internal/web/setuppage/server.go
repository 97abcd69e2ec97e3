package setuppage

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/net/netutil"

	"github.com/envoy-mqtt/envoy-mqtt/internal/web/access"
)

const (
	// pageTimeout is how long a page is served.
	pageTimeout = 30 * time.Minute
	// lastPageTimeout is how long the browser may take to request the last page.
	lastPageTimeout = 10 * time.Second
	// maxConnections limits the connections at the same time.
	maxConnections = 64
)

// The errors with which Serve ends.
var (
	errTime  = errors.New("the setup was not finished within 30 minutes; nothing was written")
	errCodes = errors.New("too many wrong codes, so that the page was closed; nothing was written")
)

// A Server serves an installation. The exported fields are set before the first call.
type Server struct {
	*Wizard
	Hosts []string     // further names in the Host header
	Files http.Handler // style sheet and icon
	// Exposed warns that other machines can reach the page, and nothing is encrypted.
	Exposed bool
	// Linger is for how long the page is served after the last page was sent, for its
	// style sheet.
	Linger time.Duration
	// Log gets what an operator should know: who has entered a code. It is called
	// concurrently. It may be nil.
	Log func(text string)

	gate     *gate
	lastSent chan struct{} // closed when the last page was sent
	sent     sync.Once     // closes lastSent
}

// New returns a server of w with a new one-time code.
func New(w *Wizard) *Server {
	g := &gate{code: rand.Text()[:8], sessions: access.Sessions{Cookie: sessionCookie}, exhausted: make(chan struct{})}
	return &Server{Wizard: w, gate: g, lastSent: make(chan struct{})}
}

// Code returns the one-time code as it is printed.
func (s *Server) Code() string { return s.gate.code[:4] + "-" + s.gate.code[4:] }

// Serve serves the page on l until the file is written, and closes l. It returns an
// error if nothing was written.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	ctx, end := context.WithTimeoutCause(ctx, pageTimeout, errTime)
	defer end()
	s.begin(ctx)
	srv := &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      10 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          log.New(io.Discard, "", 0), // errors of clients
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(netutil.LimitListener(l, maxConnections)) }()
	defer srv.Close()
	var err error
	select {
	case <-s.written:
		select {
		case <-s.lastSent:
			select {
			case <-time.After(s.Linger):
			case <-ctx.Done():
			}
		case <-time.After(lastPageTimeout):
		case <-ctx.Done():
		}
		return nil
	case err = <-failed:
	case <-s.gate.exhausted:
		err = errCodes
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	end()
	if s.isWritten() { // by a step that was running
		return nil
	}
	return err
}

func (s *Server) handler() http.Handler {
	rules := access.Rules{Hosts: s.Hosts, Refuse: func(w http.ResponseWriter, code int) {
		http.Error(w, "this host name is not allowed; use the address that envoy-mqtt init has printed", code)
	}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.servePage)
	mux.HandleFunc("POST /code", s.serveCode)
	for path, run := range map[string]stepFunc{
		"replace": s.replace, "search": s.search, "gateway": s.setGateway,
		"account": s.setAccount, "token": s.setToken, "user": s.setOwnUser,
		"broker": s.setBroker, "tls": s.setTLS, "another": s.another, "keep": s.keep, "write": s.write,
	} {
		mux.HandleFunc("POST /"+path, s.step(run))
	}
	for _, name := range []string{"app.css", "icon.svg"} {
		mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, r *http.Request) {
			r.SetPathValue("file", name)
			s.Files.ServeHTTP(w, r)
		})
	}
	return rules.Protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		// With no-referrer, browsers would send the forms without their origin.
		w.Header().Set("Referrer-Policy", "same-origin")
		mux.ServeHTTP(w, r)
	}))
}

// servePage serves the present step, or the form for the code.
func (s *Server) servePage(w http.ResponseWriter, r *http.Request) {
	if !s.gate.isOpen(r) {
		writePage(w, http.StatusOK, codePage("", s.Exposed))
		return
	}
	query := r.URL.Query()
	body, kind := s.page(query.Get("step"), query.Get("way"), s.Exposed)
	if kind == busyPage {
		w.Header().Set("Refresh", "1")
	}
	writePage(w, http.StatusOK, body)
	if kind == lastPage {
		s.sent.Do(func() { close(s.lastSent) })
	}
}

func (s *Server) serveCode(w http.ResponseWriter, r *http.Request) {
	if !readForm(w, r) {
		return
	}
	refusal, status := s.gate.enter(w, r, r.PostForm.Get("code"))
	if refusal == "" {
		s.log("code accepted from " + r.RemoteAddr)
		redirect(w)
		return
	}
	if status == http.StatusUnauthorized { // at most maxWrongCodes times
		s.log("wrong code from " + r.RemoteAddr)
	}
	writePage(w, status, codePage(refusal, s.Exposed))
}

func (s *Server) log(text string) {
	if s.Log != nil {
		s.Log(text)
	}
}

// step returns a handler that runs a step and then shows the page. The step goes on if
// the browser disconnects.
func (s *Server) step(run stepFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.gate.isOpen(r) {
			writePage(w, http.StatusUnauthorized, codePage("Enter the code first.", s.Exposed))
			return
		}
		if !readForm(w, r) {
			return
		}
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Time{})
		_ = control.SetWriteDeadline(time.Now().Add(stepTimeout + time.Minute))
		s.run(run, r.PostForm.Get)
		redirect(w)
	}
}

// readForm parses the body. If it cannot, it writes the response and returns false.
func readForm(w http.ResponseWriter, r *http.Request) bool {
	err := r.ParseForm()
	if err == nil {
		return true
	}
	status := http.StatusBadRequest
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		status = http.StatusRequestEntityTooLarge
	}
	http.Error(w, http.StatusText(status), status) // err may contain the input
	return false
}

// redirect shows the page, so that a reload does not send the form again.
func redirect(w http.ResponseWriter) {
	w.Header().Set("Location", "./")
	w.WriteHeader(http.StatusSeeOther)
}

func writePage(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}
