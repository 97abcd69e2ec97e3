package bridge

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/bridgetest"
)

// TestLocate: the broker's address and password are asked for before each attempt, so that a new password, or a broker
// that was not there, needs no restart.
func TestLocate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(bridgetest.Broker)
		var dialled []string
		cfg := MQTT{ClientID: "us", Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			dialled = append(dialled, addr)
			return b.Dial(ctx, network, addr)
		}}
		asked := 0
		cfg.Locate = func(context.Context) (*url.URL, error) {
			switch asked++; asked {
			case 1:
				return nil, errors.New("there is no broker yet")
			case 2:
				return url.Parse("gopher://broker")
			case 3:
				b.Refuse(0x86)
			default:
				b.Refuse(0)
			}
			return url.Parse(fmt.Sprintf("mqtt://user%d:word@broker%d", asked, asked))
		}
		var d diary
		l, err := connect(t.Context(), cfg, lastWill, d.events(nil))
		if err != nil {
			t.Fatal(err)
		}
		pass(time.Minute)
		var users []string
		for _, c := range b.Connects() {
			users = append(users, c.Username)
		}
		if want := []string{"user3", "user4"}; !slices.Equal(users, want) {
			t.Errorf("connected as %q, want %q", users, want)
		}
		if want := []string{"broker3:1883", "broker4:1883"}; !slices.Equal(dialled, want) {
			t.Errorf("dialled %q, want %q", dialled, want)
		}
		for i, want := range []string{"there is no broker yet", "the scheme must be mqtt", "mqtt://broker3:1883: wrong user name or password"} {
			if got := d.fails[i].Error(); !strings.Contains(got, want) || strings.Contains(got, "word@") {
				t.Errorf("attempt %d: %q, want %q", i+1, got, want)
			}
		}
		if err := l.close(t.Context()); err != nil {
			t.Error(err)
		}
		b.Close()
	})
}

// TestCloseWhileLocating: whoever is asked and does not answer cannot hold up the end.
func TestCloseWhileLocating(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := MQTT{ClientID: "us", Locate: func(ctx context.Context) (*url.URL, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		l, err := connect(t.Context(), cfg, lastWill, events{})
		if err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		start := time.Now()
		if err := l.close(t.Context()); err != nil || time.Since(start) > 0 {
			t.Errorf("close = %v after %v, want nil at once", err, time.Since(start))
		}
	})
}
