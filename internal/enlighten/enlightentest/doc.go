// Package enlightentest simulates the token part of Enphase's cloud: the login, the
// two token requests, and all responses seen in the field. The demo uses it too.
package enlightentest
