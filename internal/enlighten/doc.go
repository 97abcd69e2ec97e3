// Package enlighten provides the access token of a gateway: it uses the
// configured or the stored token, obtains another one from Enphase's cloud if
// necessary, renews it ahead of time and stores it.
//
// A [Source] hands out the tokens of one gateway. Its ledger (ledger.go) contains
// what is known of them, in memory and in the files of a [Store]. A [Cloud] logs in
// and fetches one token; it knows neither.
//
// Each login is recorded on disk before it is made (records.go), and only the
// ledger's login rules (loginrules.go) decide when the next login may be made.
// Restarts and errors of the gateway or the cloud therefore cannot lock an account.
//
// The package returns errors that a user can act on and never logs. No error and
// no [Status] contains a password, a token, a session id or the name of an account.
package enlighten
