package envoy_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// A copier is a server that sends every response twice.
type copier struct {
	handler http.Handler
	after   time.Duration                   // when the copy follows; 0 sends both in one piece
	late    func(asked, copied string) bool // in place of after: the copy comes when the next request has been sent, if late says so of the two paths
}

func (c *copier) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	go c.serve(theirs)
	return ours, nil
}

// serve ends when the client closes the connection. What it sends is buffered,
// as by a network.
func (c *copier) serve(conn net.Conn) {
	defer conn.Close()
	sent, done := make(chan []byte, 100), make(chan struct{})
	defer close(done)
	go func() {
		for {
			select {
			case b := <-sent:
				_, _ = conn.Write(b) // a client that has left is noticed by ReadRequest
			case <-done:
				return
			}
		}
	}()
	in := bufio.NewReader(conn)
	var last []byte
	var path string
	for {
		req, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		w := httptest.NewRecorder()
		c.handler.ServeHTTP(w, req)
		resp := w.Result()
		resp.ContentLength = int64(w.Body.Len())
		var b bytes.Buffer
		_ = resp.Write(&b) // a bytes.Buffer takes all
		if last != nil && c.late != nil && c.late(req.URL.Path, path) {
			sent <- last
			time.Sleep(20 * time.Millisecond)
		}
		last, path = b.Bytes(), req.URL.Path
		switch {
		case c.late != nil:
			sent <- last
		case c.after == 0:
			sent <- slices.Concat(last, last)
		default:
			sent <- last
			copied := last
			time.AfterFunc(c.after, func() { sent <- copied })
		}
	}
}

// readings returns the net powers of samples in a row, a second apart, beside
// those that the gateway then had.
func (c *copier) readings(t *testing.T, source envoy.Source, gw *envoytest.Gateway, n int) (got, want []string) {
	t.Helper()
	client := &envoy.Client{Host: "http://gateway", Tokens: auth.StaticToken("t"), Source: source, Dial: c.dial}
	defer client.CloseIdle()
	s, err := client.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		sample, err := s.Sample(t.Context())
		reported, _ := gw.Last()
		want = append(want, fmt.Sprintf("%d: %.0f W", reported.Time.Unix(), reported.Net.Total.Power))
		if err != nil {
			got = append(got, err.Error())
		} else {
			net, _ := sample.Meter(envoy.NetConsumption)
			w, _ := net.Total.Get(envoy.Power)
			got = append(got, fmt.Sprintf("%d: %.0f W", sample.MeasuredAt.Unix(), w))
		}
		time.Sleep(time.Second)
	}
	return got, want
}

// TestCopies: a response that comes twice is not taken for the next one.
func TestCopies(t *testing.T) {
	for _, tt := range []struct {
		name   string
		source envoy.Source
		copier copier
	}{
		{"together", envoy.FromMeters, copier{}},
		{"50 ms later", envoy.FromMeters, copier{after: 50 * time.Millisecond}},
		{"half a second later", envoy.FromProduction, copier{after: 500 * time.Millisecond}},
		{"at the next request, for another path", envoy.AutoSource, copier{late: func(asked, copied string) bool { return asked != copied }}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gw := &envoytest.Gateway{Phases: 3}
				tt.copier.handler = gw
				got, want := tt.copier.readings(t, tt.source, gw, 5)
				if !slices.Equal(got, want) {
					t.Errorf("samples  %q\nreadings %q", got, want)
				}
			})
		})
	}
}

// TestOlderReading: a reading older than those before, also of an earlier session, is
// read again, once, on a new connection. It is published if it advances, as where the
// gateway's clock was set back.
func TestOlderReading(t *testing.T) {
	for _, tt := range []struct {
		name    string
		answers []string // of the readings, by the time in them
		want    []int64
		conns   int
		reopen  bool // before every sample
		between bool // the CTs are checked before every sample
	}{
		{"in order", []string{"100", "101", "101", "102"}, []int64{100, 101, 101, 102}, 1, false, false},
		{"a late copy", []string{"100", "101", "100", "102", "103"}, []int64{100, 101, 102, 103}, 2, false, false},
		{"the clock is set back", []string{"100", "101", "50", "51", "52"}, []int64{100, 101, 51, 52}, 2, false, false},
		{"the clock is set back, within a second", []string{"100", "101", "50", "50", "51"}, []int64{100, 101, 0, 51}, 3, false, false},
		{"an old response is repeated", []string{"100", "101", "50", "50", "50", "102"}, []int64{100, 101, 0, 0, 102}, 4, false, false},
		{"in every other response", []string{"100", "50", "101", "50", "102"}, []int64{100, 101, 102}, 3, false, false},
		{"in the next session", []string{"100", "101", "50", "50", "102"}, []int64{100, 101, 0, 102}, 3, true, false},
		{"the clock is set back, beside another request", []string{"100", "101", "50", "51", "52"}, []int64{100, 101, 51, 52}, 2, false, true},
		{"the clock is set back in the next session", []string{"100", "101", "50", "51", "52"}, []int64{100, 101, 51, 52}, 2, true, false},
		{"another path's body", []string{"100", "101", "", "102", "103"}, []int64{100, 101, 102, 103}, 2, false, false},
		{"another path's body for good", []string{"100", "", "", "", "101"}, []int64{100, 0, 0, 101}, 4, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var conns, asked int
			srv := envoytest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				const meters = `[{"eid":1,"state":"enabled","measurementType":"net-consumption","phaseMode":"single","phaseCount":1}]`
				switch r.URL.Path {
				case "/info":
					_, _ = w.Write([]byte(`<envoy_info><device><sn>122000000001</sn><software>D8.3.5167</software><imeter>true</imeter></device><web-tokens>true</web-tokens></envoy_info>`))
				case "/ivp/meters":
					_, _ = w.Write([]byte(meters))
				case "/ivp/meters/readings":
					at := tt.answers[asked]
					asked++
					if at == "" {
						_, _ = w.Write([]byte(meters))
						return
					}
					fmt.Fprintf(w, `[{"eid":1,"timestamp":%s,"activePower":1,"voltage":230,"channels":[{"activePower":1,"voltage":230}]}]`, at)
				}
			}))
			defer srv.Close()
			client := &envoy.Client{Host: "http://gateway", Tokens: auth.StaticToken("t"), Source: envoy.FromMeters, Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
				conns++
				return srv.Dial(ctx, network, addr)
			}}
			s, err := client.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var got []int64
			for range tt.want {
				if tt.reopen {
					if s, err = client.Open(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				if tt.between {
					if _, err := s.CheckMeters(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				sample, err := s.Sample(t.Context())
				if err != nil {
					got = append(got, 0)
					continue
				}
				got = append(got, sample.MeasuredAt.Unix())
			}
			if !slices.Equal(got, tt.want) || asked != len(tt.answers) || conns != tt.conns {
				t.Errorf("readings of %d after %d requests over %d connections, want %d after %d over %d", got, asked, conns, tt.want, len(tt.answers), tt.conns)
			}
		})
	}
}
