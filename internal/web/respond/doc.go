// Package respond writes the responses of the page and its API: JSON, CSV and HTML,
// and which of them are compressed. It limits how many are made at the same time.
package respond
