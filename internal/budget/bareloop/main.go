// Command bareloop is what the budgets compare envoy-mqtt with: the least that
// can be done to bring a gateway's numbers to a broker. It reads over a
// connection that is kept open, decodes into plain fields and publishes one
// small message, and it looks at no error but to end.
package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/eclipse/paho.golang/paho"
)

// The structs have what envoy-mqtt too reads of a meter or a phase.

type channel struct {
	WNow       float64 `json:"wNow"`
	WhLifetime float64 `json:"whLifetime"`
	RMSCurrent float64 `json:"rmsCurrent"`
	RMSVoltage float64 `json:"rmsVoltage"`
	ReactPwr   float64 `json:"reactPwr"`
	ApprntPwr  float64 `json:"apprntPwr"`
	PwrFactor  float64 `json:"pwrFactor"`
}

type entry struct {
	Type            string  `json:"type"`
	MeasurementType string  `json:"measurementType"`
	ActiveCount     float64 `json:"activeCount"`
	ReadingTime     float64 `json:"readingTime"`
	channel
	Lines []channel `json:"lines"`
}

type production struct {
	Production  []entry `json:"production"`
	Consumption []entry `json:"consumption"`
}

type reading struct {
	EID           float64 `json:"eid"`
	Timestamp     float64 `json:"timestamp"`
	ActEnergyDlvd float64 `json:"actEnergyDlvd"`
	ActEnergyRcvd float64 `json:"actEnergyRcvd"`
	ActivePower   float64 `json:"activePower"`
	ApparentPower float64 `json:"apparentPower"`
	ReactivePower float64 `json:"reactivePower"`
	PwrFactor     float64 `json:"pwrFactor"`
	Voltage       float64 `json:"voltage"`
	Current       float64 `json:"current"`
	Freq          float64 `json:"freq"`
}

type meter struct {
	reading
	Channels []reading `json:"channels"`
}

// A message is what is published: the power at the grid, and that of its phases.
type message struct {
	Power  float64   `json:"power"`
	Phases []float64 `json:"phases"`
}

func main() {
	gateway := flag.String("gateway", "", "base `URL` of the gateway")
	path := flag.String("path", productionPath, "`page` of the gateway to read, or "+readingsPath)
	broker := flag.String("broker", "", "host:port of the broker")
	topic := flag.String("topic", "bare/live", "where to publish")
	interval := flag.Duration("interval", 100*time.Millisecond, "from reading to reading")
	flag.Parse()

	ctx := context.Background()
	client := connect(ctx, *broker)
	hc := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // gateways sign their own certificates
	}}
	for range time.Tick(*interval) {
		m, err := read(hc, *gateway, *path)
		if err != nil {
			log.Fatal(err)
		}
		payload, err := json.Marshal(m)
		if err != nil {
			log.Fatal(err)
		}
		if _, err := client.Publish(ctx, &paho.Publish{Topic: *topic, Payload: payload}); err != nil {
			log.Fatal(err)
		}
	}
}

func connect(ctx context.Context, broker string) *paho.Client {
	conn, err := net.Dial("tcp", broker)
	if err != nil {
		log.Fatal(err)
	}
	client := paho.NewClient(paho.ClientConfig{Conn: conn})
	if _, err := client.Connect(ctx, &paho.Connect{ClientID: "bareloop", KeepAlive: 30, CleanStart: true}); err != nil {
		log.Fatal(err)
	}
	return client
}

// The pages that are understood.
const (
	productionPath = "/production.json?details=1"
	readingsPath   = "/ivp/meters/readings"
)

func read(hc *http.Client, gateway, path string) (message, error) {
	resp, err := hc.Get(gateway + path)
	if err != nil {
		return message{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return message{}, err
	}
	if path == readingsPath {
		return fromReadings(body)
	}
	return fromProduction(body)
}

func fromProduction(body []byte) (message, error) {
	var doc production
	if err := json.Unmarshal(body, &doc); err != nil {
		return message{}, err
	}
	for _, e := range doc.Consumption {
		if e.MeasurementType == "net-consumption" {
			m := message{Power: e.WNow}
			for _, l := range e.Lines {
				m.Phases = append(m.Phases, l.WNow)
			}
			return m, nil
		}
	}
	return message{}, fmt.Errorf("no net consumption in %d bytes", len(body))
}

func fromReadings(body []byte) (message, error) {
	const netConsumption = 704643584 // the meter's eid, which all gateways have
	var doc []meter
	if err := json.Unmarshal(body, &doc); err != nil {
		return message{}, err
	}
	for _, e := range doc {
		if e.EID == netConsumption {
			m := message{Power: e.ActivePower}
			for _, c := range e.Channels {
				m.Phases = append(m.Phases, c.ActivePower)
			}
			return m, nil
		}
	}
	return message{}, fmt.Errorf("no net consumption in %d bytes", len(body))
}
