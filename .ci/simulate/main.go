// Simulate is a gateway, Enphase's cloud or Home Assistant's Supervisor, for trials with containers and services.
//
//	simulate gateway ADDRESS          https, firmware 8; takes any token
//	simulate day ADDRESS SPEED        the same with a battery, from 04:00, so many times faster
//	simulate limit ADDRESS VARIANT    a gateway at noon, in real time, whose power an installer may limit;
//	                                  VARIANT is one of envoytest.LimitVariants
//	simulate modbus ADDRESS           Modbus TCP with the SunSpec model 701: three phases, 4321 W
//	simulate token                    prints a token for either
//	simulate cloud ADDRESS ANSWER     https, for owner@example.org with the password "demo"; prints its
//	                                  certificate. ANSWER is one of enlightentest; "" succeeds
//	simulate installer ADDRESS        the same for an installer's account
//	simulate supervisor ADDRESS HOST APP  http; names HOST:1883 as the broker, and serves http://APP below /ingress/
package main

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/sunspec/sunspectest"
)

func main() {
	switch args := os.Args[1:]; {
	case len(args) == 1 && args[0] == "token":
		fmt.Println(enlightentest.Sign(enlightentest.Claims{Serial: "122012345678", Username: "owner@example.org"}))
	case len(args) == 2 && args[0] == "gateway":
		serve(args[1], &envoytest.Gateway{Phases: 3, Speed: 60})
	case len(args) == 3 && args[0] == "day":
		speed, err := strconv.ParseFloat(args[2], 64)
		if err != nil {
			log.Fatal(err)
		}
		start := time.Now().Truncate(24 * time.Hour).Add(4 * time.Hour)
		serve(args[1], &envoytest.Gateway{Phases: 3, Speed: speed, Start: start, Batteries: 1, StorageCT: true})
	case len(args) == 3 && args[0] == "limit":
		limiter, ok := envoytest.LimitVariant(args[2])
		if !ok {
			log.Fatalf("%s is not one of %s", args[2], strings.Join(envoytest.LimitVariants(), ", "))
		}
		now := time.Now()
		noon := time.Date(now.Year(), 6, 1, 12, 0, 0, 0, now.Location())
		serve(args[1], &envoytest.Gateway{Start: noon, PowerLimit: limiter, Restarts: true})
	case len(args) == 2 && args[0] == "modbus":
		if _, err := sunspectest.StartAt(args[1], sunspectest.Common(), sunspectest.AC(sunspectest.ThreePhases())); err != nil {
			log.Fatal(err)
		}
		select {}
	case len(args) == 3 && args[0] == "cloud":
		cloud(args[1], "owner", enlightentest.Answer(args[2]))
	case len(args) == 2 && args[0] == "installer":
		cloud(args[1], "installer", enlightentest.OK)
	case len(args) == 4 && args[0] == "supervisor":
		http.HandleFunc("GET /services/mqtt", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer supervisors-token" {
				http.Error(w, `{"result":"error","message":"Forbidden"}`, http.StatusForbidden)
				return
			}
			fmt.Fprintf(w, `{"result":"ok","data":{"addon":"core_mosquitto","host":%q,"port":1883,"ssl":false,"protocol":"3.1.1"}}`, args[2])
		})
		http.Handle("/ingress/", http.StripPrefix("/ingress", &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: args[3]})
			r.Out.Host = r.In.Host
			r.Out.Header.Set("X-Ingress-Path", "/ingress")
		}}))
		log.Fatal(http.ListenAndServe(args[1], nil))
	default:
		log.Fatal("usage: simulate token | gateway ADDRESS | limit ADDRESS VARIANT | day ADDRESS SPEED | modbus ADDRESS | installer ADDRESS | cloud ADDRESS ANSWER | supervisor ADDRESS HOST APP")
	}
}

// cloud serves a cloud that gives the account a role, and prints its certificate.
func cloud(address, role string, answer enlightentest.Answer) {
	c := &enlightentest.Cloud{Username: "owner@example.org", Password: "demo", FormRole: role}
	c.Set(answer)
	serve(address, c, func(s *httptest.Server) {
		_ = pem.Encode(os.Stdout, &pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	})
}

// serve serves h at address until the process ends. It calls started at the beginning.
func serve(address string, h http.Handler, started ...func(*httptest.Server)) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Listener.Close()
	s.Listener = l
	s.StartTLS()
	for _, f := range started {
		f(s)
	}
	select {}
}
