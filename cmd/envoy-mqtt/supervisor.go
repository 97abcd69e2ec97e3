package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
)

// supervisorURL is where an app of Home Assistant finds the Supervisor.
var supervisorURL = "http://supervisor"

// A supervisor is Home Assistant's, which starts its apps and tells them where the broker is.
type supervisor struct {
	token config.Secret
}

// supervisorClient goes through no proxy: the token is for the Supervisor's eyes only.
var supervisorClient = &http.Client{
	Timeout:       10 * time.Second,
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// broker asks for the URL of the broker's app, with user name and password. Only its MQTT 5 is of use, whatever
// protocol the Supervisor names.
func (s supervisor) broker(ctx context.Context) (*url.URL, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, supervisorURL+"/services/mqtt", nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+s.token.Reveal())
	resp, err := supervisorClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask Home Assistant's Supervisor for the broker: %w", err)
	}
	defer resp.Body.Close()
	var answer struct {
		Message string
		Data    struct {
			Host, Username, Password string
			Port                     json.Number // some versions write it as text
			SSL                      bool
		}
	}
	err = json.NewDecoder(io.LimitReader(resp.Body, 64<<10)).Decode(&answer)
	switch {
	case resp.StatusCode == http.StatusBadRequest:
		return nil, errors.New("no broker in Home Assistant yet: install and start its Mosquitto broker app, or set mqtt_url to another broker")
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("ask Home Assistant's Supervisor for the broker: it says %s %s", resp.Status, answer.Message)
	case err != nil:
		return nil, fmt.Errorf("what Home Assistant's Supervisor says of the broker: %w", err)
	}
	u := &url.URL{Scheme: "mqtt", Host: net.JoinHostPort(answer.Data.Host, answer.Data.Port.String())}
	if answer.Data.SSL {
		u.Scheme = "mqtts"
	}
	if answer.Data.Username != "" {
		u.User = url.UserPassword(answer.Data.Username, answer.Data.Password)
	}
	if _, err := config.ParseBrokerURL(u.Scheme + "://" + u.Host); err != nil {
		return nil, fmt.Errorf("what Home Assistant's Supervisor says of the broker: %w", err)
	}
	return u, nil
}
