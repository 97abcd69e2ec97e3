package main

import (
	"fmt"
	"net"
	"regexp"
	"strings"
)

// A redactor takes out of a gateway's answers what tells whose they are. The
// same thing becomes the same invented one in every answer, so that they still
// fit together.
type redactor struct {
	invented map[string]string
	counts   map[string]int
}

func newRedactor() *redactor {
	return &redactor{invented: map[string]string{}, counts: map[string]int{}}
}

var (
	token   = regexp.MustCompile(`eyJ[\w-]+\.[\w-]*\.[\w-]*`)
	mail    = regexp.MustCompile(`[\w.+-]+@[\w-]+\.[\w.-]+`)
	mac     = regexp.MustCompile(`\b[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}\b`)
	ipv4    = regexp.MustCompile(`\b(?:\d{1,3}\.){3}\d{1,3}\b`)
	ipv6    = regexp.MustCompile(`\b[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){3,7}\b`)
	serials = regexp.MustCompile(`(?i)"(?:[\w ]*serial[\w ]*|sn|dev_id|device_id)"\s*:\s*"?(\d{6,16})\b|<sn>\s*(\w{6,32})\s*</sn>|"(\d{12})"`)
	secrets = regexp.MustCompile(`(?i)("(?:[\w ]*(?:ssid|password|passphrase|token|cookie|session|hostname|latitude|longitude|address|timezone|username|email)[\w ]*)"\s*:\s*)"[^"]*"`)
)

// learn looks for serial numbers, which may stand anywhere in other answers.
func (r *redactor) learn(body []byte) {
	for _, m := range serials.FindAllSubmatch(body, -1) {
		for _, sn := range m[1:] {
			if len(sn) > 0 {
				r.serial(string(sn))
			}
		}
	}
}

func (r *redactor) serial(sn string) string {
	return r.like(sn, "serial", func(n int) string { return fmt.Sprintf("9%0*d", len(sn)-1, n) })
}

// like returns what stands for old, made by its kind's number the first time.
func (r *redactor) like(old, kind string, invent func(n int) string) string {
	if invented, ok := r.invented[old]; ok {
		return invented
	}
	r.counts[kind]++
	r.invented[old] = invent(r.counts[kind])
	return r.invented[old]
}

// redact returns body without what it must not tell. What is to be replaced
// alike everywhere has been learned before.
func (r *redactor) redact(body []byte) []byte {
	text := secrets.ReplaceAllString(string(body), `${1}"redacted"`)
	text = token.ReplaceAllString(text, "redacted")
	text = mail.ReplaceAllString(text, "owner@example.org")
	text = mac.ReplaceAllStringFunc(text, func(s string) string {
		return r.like(strings.ToLower(s), "mac", func(n int) string { return fmt.Sprintf("02:00:00:00:%02x:%02x", n>>8&255, n&255) })
	})
	text = ipv4.ReplaceAllStringFunc(text, func(s string) string {
		if ip := net.ParseIP(s); ip == nil || ip.IsLoopback() || ip.IsUnspecified() || strings.HasPrefix(s, "255.") {
			return s
		}
		return r.like(s, "ipv4", func(n int) string { return fmt.Sprintf("192.0.2.%d", n%256) })
	})
	text = ipv6.ReplaceAllStringFunc(text, func(s string) string {
		if net.ParseIP(s) == nil {
			return s
		}
		return r.like(s, "ipv6", func(n int) string { return fmt.Sprintf("2001:db8::%x", n) })
	})
	for old, invented := range r.invented {
		if len(old) >= 6 && !strings.ContainsAny(old, ".:") {
			text = strings.ReplaceAll(text, old, invented)
		}
	}
	return []byte(text)
}
