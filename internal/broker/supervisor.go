package broker

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

// SupervisorURL is the address of Home Assistant's Supervisor for its apps. Tests
// change it.
var SupervisorURL = "http://supervisor"

// A supervisor is a client of Home Assistant's Supervisor, which starts apps and
// returns the address of the broker.
type supervisor struct {
	token config.Secret
}

// supervisorClient uses no proxy, which would receive the token.
var supervisorClient = &http.Client{
	Timeout:       10 * time.Second,
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// broker returns the URL of the broker app, with user name and password. It ignores
// the MQTT version in the response: the bridge needs MQTT 5.
func (s supervisor) broker(ctx context.Context) (*url.URL, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, SupervisorURL+"/services/mqtt", nil)
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
		return nil, errors.New("no broker in Home Assistant yet; install and start its Mosquitto broker app, or set mqtt_url to another broker")
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("ask Home Assistant's Supervisor for the broker: it answered %s %s", resp.Status, answer.Message)
	case err != nil:
		return nil, fmt.Errorf("read the broker's address from Home Assistant's Supervisor: %w", err)
	}
	u := &url.URL{Scheme: "mqtt", Host: net.JoinHostPort(answer.Data.Host, answer.Data.Port.String())}
	if answer.Data.SSL {
		u.Scheme = "mqtts"
	}
	if answer.Data.Username != "" {
		u.User = url.UserPassword(answer.Data.Username, answer.Data.Password)
	}
	if _, err := config.ParseBrokerURL(u.Scheme + "://" + u.Host); err != nil {
		return nil, fmt.Errorf("read the broker's address from Home Assistant's Supervisor: %w", err)
	}
	return u, nil
}
