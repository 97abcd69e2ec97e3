// Package redact removes personal data from a gateway's answers: it keeps what is
// known to be harmless, and replaces the rest.
package redact
