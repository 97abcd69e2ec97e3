package config

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/locate"
)

// ParseBrokerURL parses the address of a broker: a URL, or a host with or without
// a port, for which the scheme is mqtt.
func ParseBrokerURL(text string) (*url.URL, error) {
	if !strings.Contains(text, "://") {
		if a, err := authority(text); err == nil {
			text = a // with an IPv6 address in brackets
		}
		text = "mqtt://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Fragment != "" {
		return nil, errors.New("want a URL such as mqtt://host:1883 (a user name or password with special characters belongs in USERNAME and PASSWORD)")
	}
	if _, err := authority(u.Host); err != nil {
		return nil, err
	}
	websocket := u.Scheme == "ws" || u.Scheme == "wss"
	if !websocket && !slices.Contains([]string{"mqtt", "tcp", "mqtts", "tls", "ssl"}, u.Scheme) {
		return nil, errors.New("want mqtt, mqtts, ws or wss before ://")
	}
	if !websocket {
		if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
			return nil, errors.New("only ws and wss have a path; the topic belongs in TOPIC")
		}
		u.Path = ""
	}
	return u, nil
}

// ParseHost parses the address of a gateway. The result is locate.Auto, or host or
// host:port as in a URL (an IPv6 address in brackets), with the scheme http:// or
// https:// if text has one.
func ParseHost(text string) (string, error) {
	if strings.EqualFold(text, locate.Auto) {
		return locate.Auto, nil
	}
	scheme, rest, isURL := strings.Cut(text, "://")
	if isURL {
		scheme = strings.ToLower(scheme) + "://"
		rest = strings.ReplaceAll(rest, "%25", "%") // the delimiter of an IPv6 zone
	} else {
		scheme, rest = "", text
	}
	if isURL && scheme != "http://" && scheme != "https://" {
		return "", errors.New("want http or https before ://")
	}
	if strings.Contains(rest, "@") {
		return "", errors.New("must not contain a user name or password: they have keys of their own")
	}
	rest = strings.TrimSuffix(rest, "/")
	if strings.ContainsAny(rest, "/?#") {
		return "", errors.New("must not have a path")
	}
	a, err := authority(rest)
	return scheme + a, err
}

// parseListen parses host:port, or :port for all addresses of the machine.
func parseListen(text string) (string, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return "", errors.New("want host:port, such as 127.0.0.1:9799")
	}
	if host == "" {
		host = "localhost"
	}
	_, err = authority(net.JoinHostPort(host, port))
	return text, err
}

// parseHostName parses a host name of a list, without a port.
func parseHostName(text string) (string, error) {
	name := strings.ToLower(text)
	if len(name) > maxHostName || !hostName.MatchString(name) {
		return "", errors.New("want host names without port, such as solar.example.org")
	}
	return name, nil
}

// parseOrigin parses a web origin of a list, as browsers send it.
func parseOrigin(text string) (string, error) {
	origin := strings.ToLower(text)
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || origin != u.Scheme+"://"+u.Host {
		return "", errors.New("want origins, such as https://dashboard.example.org")
	}
	return origin, nil
}

// parseHTTPS parses the URL of a service that receives the account's password.
func parseHTTPS(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Fragment != "" {
		return "", errors.New("want a URL that begins with https://")
	}
	_, err = authority(u.Host)
	return text, err
}

var hostName = regexp.MustCompile(`^[\pL\pN_][\pL\pN\pM._-]*$`)

// maxHostName is DNS's limit in bytes. It is not in the pattern, because a
// repeated Unicode class would compile to 10 MB.
const maxHostName = 253

// authority parses host or host:port and returns it as in a URL: an IPv6 address
// in brackets, its zone escaped.
func authority(text string) (string, error) {
	host, port, err := net.SplitHostPort(text)
	hasPort := err == nil
	if n, err := strconv.ParseUint(port, 10, 16); hasPort && (err != nil || n == 0) {
		return "", errors.New("want a port from 1 to 65535 after the last colon")
	}
	if !hasPort {
		host = text
		if inner, ok := strings.CutPrefix(text, "["); ok {
			host = strings.TrimSuffix(inner, "]")
		}
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case err == nil && ip.Is6():
		host = "[" + strings.ReplaceAll(host, "%", "%25") + "]"
	case len(host) > maxHostName || !hostName.MatchString(host):
		return "", errors.New("want a host name or an address")
	}
	if hasPort {
		host += ":" + port
	}
	return host, nil
}

// canonicalHost returns the same text for different spellings of one HOST.
func canonicalHost(host string) string {
	if _, rest, ok := strings.Cut(host, "://"); ok {
		host = rest
	}
	host = strings.TrimSuffix(strings.TrimSuffix(host, ":443"), ":80") // a gateway listens on both
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
