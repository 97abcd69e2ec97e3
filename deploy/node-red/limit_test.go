//go:build nodered

package nodered_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

const (
	priceTopic = "home/electricity/price"
	limitTopic = "envoy/" + serial + "/limit/set"
)

// The flow's settings in the tests, in seconds.
const (
	renew   = 4
	minTime = 3
)

// limitFlow returns deploy/node-red/limit.json for a broker, with short times. A price
// is used for maxPriceAge seconds.
func limitFlow(t *testing.T, port string, maxPriceAge int) []byte {
	t.Helper()
	data, err := os.ReadFile("limit.json")
	if err != nil {
		t.Fatal(err)
	}
	var nodes []map[string]any
	if err := json.Unmarshal(data, &nodes); err != nil {
		t.Fatal(err)
	}
	short := map[string]int{"RENEW": renew, "MIN_TIME": minTime, "MAX_PRICE_AGE": maxPriceAge}
	for _, n := range nodes {
		if n["type"] == "mqtt-broker" {
			n["port"] = port
		}
		variables, _ := n["env"].([]any)
		for _, v := range variables {
			variable := v.(map[string]any)
			if s, ok := short[variable["name"].(string)]; ok {
				variable["value"] = strconv.Itoa(s)
			}
		}
	}
	data, err = json.Marshal(nodes)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestLimitFlow: the export is limited while the price is low, with hysteresis of the
// price and of time; the lease is renewed, but not without a fresh price or a gateway.
func TestLimitFlow(t *testing.T) {
	const on, off = `{"export":0,"for":"15m"}`, `{"off":true}`
	b := startBroker(t)
	deploy(t, startNodeRED(t), limitFlow(t, b.port, 12))
	b.publish(t, "envoy/"+serial+"/availability", "offline")
	commands := func() []message { return b.messages(limitTopic) }
	// next waits for the next command and returns when it came.
	seen := 0
	next := func(want, why string) time.Time {
		t.Helper()
		proctest.Await(t, why, func() bool { return len(commands()) > seen })
		m := commands()[seen]
		if m.payload != want {
			t.Fatalf("%s: %s, want %s", why, m.payload, want)
		}
		seen++
		t.Logf("ok: %s: %s", why, m.payload)
		return m.at
	}
	none := func(why string, d time.Duration) {
		t.Helper()
		time.Sleep(d)
		if ms := commands()[seen:]; len(ms) > 0 {
			t.Fatalf("%s: %v, want no command", why, ms)
		}
		t.Logf("ok: %s: no command in %v", why, d)
	}

	for _, price := range []string{"0.25", "", "none", "null", "NaN", "{}"} {
		b.publish(t, priceTopic, price)
	}
	none("a high price, and texts that are none", 2*time.Second)
	b.publish(t, priceTopic, "-0.02")
	none("a low price while the gateway is offline", 2*time.Second)
	b.publish(t, "envoy/"+serial+"/availability", "online")
	first := next(on, "a low price")
	b.publish(t, priceTopic, "0.005")
	renewed := next(on, "renewed within the hysteresis of the price")
	if took := renewed.Sub(first); took < (renew-1)*time.Second || took > (renew+5)*time.Second {
		t.Errorf("renewed after %v, want %d s", took, renew)
	}
	b.publish(t, priceTopic, "0.02")
	ended := next(off, "a higher price")
	if took := ended.Sub(first); took < minTime*time.Second {
		t.Errorf("ended after %v, want %d s at least", took, minTime)
	}
	b.publish(t, priceTopic, "-0.02")
	if again := next(on, "a low price again"); again.Sub(ended) < (minTime-1)*time.Second {
		t.Errorf("limited again after %v, want %d s at least", again.Sub(ended), minTime)
	}
	b.publish(t, "envoy/"+serial+"/availability", "offline")
	none("the gateway is offline", (renew+2)*time.Second)
	b.publish(t, priceTopic, "-0.01")
	b.publish(t, "envoy/"+serial+"/availability", "online")
	next(on, "the gateway is back")

	// The price is not published any more: the limit ends, and its lease would.
	proctest.Await(t, "the end of a limit without a price", func() bool {
		return slices.ContainsFunc(commands()[seen:], func(m message) bool { return m.payload == off })
	})
	for _, m := range commands()[seen:] {
		seen++
		if m.payload != on && m.payload != off {
			t.Errorf("command %s", m.payload)
		}
	}
	none("without a price", (renew+3)*time.Second)
}

// TestLimitFlowEffect: the program carries out what the flow asks for, and the power
// at the grid obeys.
func TestLimitFlowEffect(t *testing.T) {
	b := startBroker(t)
	limiter, _ := envoytest.LimitVariant("10s")
	gateway := &envoytest.Gateway{Serial: serial, Start: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC), PowerLimit: limiter}
	server := envoytest.NewTLSServer(gateway)
	t.Cleanup(server.Close)
	token := enlightentest.Sign(enlightentest.Claims{Serial: serial, Role: "installer"})
	config := proctest.Configure(t, fmt.Sprintf("[MQTT]\nURL = mqtt://127.0.0.1:%s\n[ENVOY]\nHOST = %s\nTOKEN = %s\nINTERVAL = 1s\nLIMIT = true\n", b.port, server.Addr, token))
	deploy(t, startNodeRED(t), limitFlow(t, b.port, 600)) // the first write is 10 s after the start
	proctest.Start(t, proctest.Command(config))
	awaitResult := func(want string) {
		t.Helper()
		proctest.Await(t, want, func() bool {
			return slices.ContainsFunc(b.messages("envoy/"+serial+"/limit/result"), func(m message) bool { return strings.Contains(m.payload, want) })
		})
	}
	proctest.Await(t, "the gateway", func() bool { return len(b.messages(liveTopic)) > 0 })
	time.Sleep(3 * time.Second) // commands are rejected while the program connects
	b.publish(t, priceTopic, "-0.02")
	awaitResult(`"result":"applied"`)
	awaitResult("0 W asked, ")
	b.publish(t, priceTopic, "0.02")
	awaitResult(`"result":"restored"`)
	writes := gateway.LimitWrites()
	if len(writes) != 2 || !writes[0].Enabled || !writes[0].Export || writes[0].Watts != 0 || writes[1].Enabled {
		t.Errorf("writes %+v, want a limit of 0 W and its end", writes)
	}
	for _, m := range b.messages("envoy/" + serial + "/limit/result") {
		t.Logf("ok: %s", m.payload)
	}
}
