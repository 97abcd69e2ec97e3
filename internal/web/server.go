package web

import "github.com/envoy-mqtt/envoy-mqtt/internal/web/access"

// A Server holds the latest readings and serves them. All methods are safe for
// concurrent use. The exported fields are set before the first call and do not change
// then; History, Info and Problems must not be nil.
type Server struct {
	Access   access.Rules
	Password string // required for actions; empty: sign-in is off
	History  History
	Actions  map[string]Action // by the actions' paths below api: token, renew, reload
	Info     func() Info       // returns what only the program knows
	Problems *Problems
	Version  string

	store    // the latest readings
	sessions access.Sessions
	pacer    access.Pacer
}
