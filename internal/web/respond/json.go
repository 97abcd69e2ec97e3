package respond

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"
)

// JSON writes v as the response.
func JSON(w http.ResponseWriter, code int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		code, body = http.StatusInternalServerError, []byte(`{"error":"encoding failed"}`)
	}
	setHeader(w, "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(body)
}

// Error writes an error as the response.
func Error(w http.ResponseWriter, code int, message string) {
	JSON(w, code, struct {
		Error string `json:"error"`
	}{message})
}

// setHeader sets the headers of a response with values that change.
func setHeader(w http.ResponseWriter, contentType string) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
}

// A Number is written with at most three decimals, and as null if it is NaN.
type Number float64

// Optional returns a pointer to a number, or nil if there is none.
func Optional(v float64, ok bool) *Number {
	if !ok {
		return nil
	}
	return new(Number(v))
}

// Seconds returns a duration in s.
func Seconds(d time.Duration) Number { return Number(d.Seconds()) }

// IsNaN reports whether there is no number.
func (n Number) IsNaN() bool { return math.IsNaN(float64(n)) }

// Cell returns the number for CSV with that many decimals, or with all that it has if
// decimals is -1. It is empty if there is none.
func (n Number) Cell(decimals int) string {
	if n.IsNaN() {
		return ""
	}
	return strconv.FormatFloat(float64(n), 'f', decimals, 64)
}

// MarshalJSON implements [json.Marshaler].
func (n Number) MarshalJSON() ([]byte, error) {
	if n.IsNaN() || math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, math.Round(float64(n)*1000)/1000+0, 'f', -1, 64), nil
}
