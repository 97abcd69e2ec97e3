package bridge_test

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass/hasstest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
)

// uniqueIDs returns the unique ids of all entities that the broker has retained, and
// the topics of documents that only unload entities.
func (r *rig) uniqueIDs(t *testing.T) (ids, migrating []string) {
	t.Helper()
	for topic, payload := range r.broker.RetainedAll() {
		if !strings.HasPrefix(topic, "homeassistant/") {
			continue
		}
		var doc struct {
			UniqueID   string `json:"unique_id"`
			Migrate    bool   `json:"migrate_discovery"`
			Components map[string]struct {
				UniqueID string `json:"unique_id"`
			}
		}
		if err := json.Unmarshal([]byte(payload), &doc); err != nil {
			t.Errorf("%s: %v in %q", topic, err, payload)
		}
		if doc.Migrate {
			migrating = append(migrating, topic)
		}
		if doc.UniqueID != "" {
			ids = append(ids, doc.UniqueID)
		}
		for _, c := range doc.Components {
			ids = append(ids, c.UniqueID)
		}
	}
	slices.Sort(ids)
	return ids, migrating
}

// recording returns the discovery messages and the broker's acknowledgements in
// the order of the wire. What the broker has when a run ends, the next run receives.
func (r *rig) recording(ends []time.Time) (msgs []hasstest.Message, opts hasstest.Options) {
	type timed struct {
		time.Time
		hasstest.Message
	}
	var all []timed
	_, opts = r.announced()
	for _, m := range r.broker.Messages() {
		if strings.HasSuffix(m.Topic, "/config") {
			acknowledged := m.Time.Add(r.broker.Delay)
			for _, end := range ends {
				if end.After(m.Time) && end.Before(acknowledged) {
					acknowledged = end
				}
			}
			all = append(all,
				timed{m.Time, hasstest.Message{Topic: m.Topic, Payload: []byte(m.Payload), Retain: m.Retain, QoS: m.QoS, Expiry: m.Expiry}},
				timed{acknowledged, hasstest.Message{Topic: m.Topic, Ack: true}})
		}
	}
	slices.SortStableFunc(all, func(a, b timed) int { return cmp.Compare(a.UnixNano(), b.UnixNano()) })
	for _, m := range all {
		msgs = append(msgs, m.Message)
	}
	return msgs, opts
}

// form runs the bridge in a form of discovery until during has returned, and then
// ends it without a word, as SIGKILL does, or as a reload.
func (r *rig) form(t *testing.T, f hass.Form, isReload bool, during func()) {
	t.Helper()
	b := &bridge.Bridge{Gateways: []bridge.GatewayConfig{r.feed("ENVOY", r.server)}, MQTT: r.MQTT, Log: r.Log}
	b.Gateways[0].Serial, b.Gateways[0].Interval, b.Gateways[0].StaleAfter = serial, 20*time.Second, 2*time.Minute
	b.HomeAssistant = bridge.HomeAssistant{Form: f, MayMigrate: true}
	b.Previous = []hass.Namespace{{Topic: "envoy", Prefix: "homeassistant", Serials: []string{serial}}}
	r.Bridge = b
	ctx, cancel := context.WithCancelCause(t.Context())
	r.done = make(chan error, 1)
	go func() { r.done <- b.Run(ctx) }()
	during()
	if isReload {
		cancel(bridge.ErrHandover)
	} else {
		cancel(nil)
	}
	if err := <-r.done; err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
	b.Gateways[0].Client.CloseIdle()
}

// forms are the settings of several runs one after the other, and how long each
// lasts. During the last, everything is published.
var forms = []struct {
	name string
	runs []hass.Form
	last []time.Duration // of the runs but the first and the last
}{
	{"to entities", []hass.Form{hass.ByDevice, hass.ByEntity}, nil},
	{"to devices", []hass.Form{hass.ByEntity, hass.ByDevice}, nil},
	{"there and back", []hass.Form{hass.ByDevice, hass.ByEntity, hass.ByDevice}, []time.Duration{20 * time.Minute}},
	{"killed before the retained documents", []hass.Form{hass.ByDevice, hass.ByEntity, hass.ByEntity}, []time.Duration{300 * time.Millisecond}},
	{"killed after the migrate message", []hass.Form{hass.ByDevice, hass.ByEntity, hass.ByEntity}, []time.Duration{1100 * time.Millisecond}},
	{"killed during the new documents", []hass.Form{hass.ByDevice, hass.ByEntity, hass.ByEntity}, []time.Duration{3200 * time.Millisecond}},
	{"killed before the removal", []hass.Form{hass.ByEntity, hass.ByDevice, hass.ByDevice}, []time.Duration{2900 * time.Millisecond}},
	{"changed twice at once", []hass.Form{hass.ByDevice, hass.ByEntity, hass.ByDevice}, []time.Duration{1100 * time.Millisecond}},
	{"changed twice during the new documents", []hass.Form{hass.ByDevice, hass.ByEntity, hass.ByDevice}, []time.Duration{3200 * time.Millisecond}},
	{"changed three times", []hass.Form{hass.ByDevice, hass.ByEntity, hass.ByDevice, hass.ByEntity}, []time.Duration{1500 * time.Millisecond, 2500 * time.Millisecond}},
}

// TestMigration changes the form of discovery, by restart, reload and kill at any
// step, and with the broker away in between. No entity and no unique id is lost, and
// the recording has no finding.
func TestMigration(t *testing.T) {
	t.Parallel()
	for _, row := range forms {
		for _, how := range []string{"restart", "reload", "broker away"} {
			t.Run(row.name+"/"+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(&envoytest.Gateway{Phases: 1, Start: time.Now().Add(12 * time.Hour), Inverters: 3})
					r.broker.Delay = 1300 * time.Millisecond
					r.broker.Keep = func(m mqtttest.Record) bool { return strings.HasSuffix(m.Topic, "/config") }
					var want []string
					var ends []time.Time
					for n, f := range row.runs {
						isLast := n == len(row.runs)-1
						r.form(t, f, how == "reload", func() {
							switch {
							case n == 0 || isLast:
								if how == "broker away" && isLast {
									time.Sleep(1500 * time.Millisecond)
									r.broker.Close()
									time.Sleep(time.Minute)
									r.broker.Open()
								}
								time.Sleep(20 * time.Minute)
							default:
								time.Sleep(row.last[n-1])
							}
							ids, migrating := r.uniqueIDs(t)
							if n == 0 {
								want = ids
							} else if isLast && (!slices.Equal(ids, want) || len(migrating) > 0) {
								t.Errorf("%d unique ids, want %d; still migrating: %q", len(ids), len(want), migrating)
							}
						})
						ends = append(ends, time.Now())
					}
					if len(want) < 40 {
						t.Errorf("%d unique ids, want 40 at least", len(want))
					}
					r.checkForm(t, row.runs[len(row.runs)-1])
					msgs, _ := r.recording(ends)
					for _, f := range hasstest.Check(msgs, hasstest.Options{}) {
						if f.Rule.ConcernsMigration() {
							t.Error(f)
						}
					}
					r.checkEmptyStates(t)
					r.broker.Close()
					r.server.Close()
				})
			})
		}
	}
}

// checkForm fails if the broker has documents of another form.
func (r *rig) checkForm(t *testing.T, want hass.Form) {
	t.Helper()
	for topic := range r.broker.RetainedAll() {
		isDevice := strings.HasPrefix(topic, "homeassistant/device/")
		if strings.HasPrefix(topic, "homeassistant/") && isDevice != (want == hass.ByDevice) {
			t.Errorf("%s is still there", topic)
		}
	}
}

// TestByEntity holds documents of single entities against Home Assistant's rules.
func TestByEntity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Phases: 3, Start: time.Now().Add(12 * time.Hour)})
		r.HomeAssistant.Form = hass.ByEntity
		r.start(t)
		time.Sleep(time.Minute)
		msgs, opts := r.announced()
		if len(msgs) < 50 {
			t.Errorf("%d documents, want 50 at least", len(msgs))
		}
		for _, f := range hasstest.Check(msgs, opts) {
			t.Error(f)
		}

		// A user deletes one entity. It stays deleted until Home Assistant starts.
		const topic = "homeassistant/sensor/envoy_" + serial + "/grid_power/config"
		r.broker.Publish(topic, "", true)
		time.Sleep(time.Minute)
		r.broker.Drop()
		time.Sleep(time.Minute)
		r.wantRetained(t, topic, "")
		r.broker.Publish(birthTopic, "online", false)
		time.Sleep(time.Minute)
		if got, _ := r.broker.Retained(topic); got == "" {
			t.Error("Home Assistant started: the deleted entity is not announced again")
		}

		// An electrician takes two phases away.
		r.gateway.Fault(envoytest.Busy, -1)
		time.Sleep(20 * time.Second)
		r.gateway.Clear()
		r.gateway.Change(func(g *envoytest.Gateway) { g.Phases = 1 })
		time.Sleep(7 * time.Minute)
		r.wantRetained(t, "homeassistant/sensor/envoy_"+serial+"/grid_l3_power/config", "")
		r.wantRetained(t, "envoy/"+serial+"/grid/l3/power", "")
		r.stop(t)
	})
}

// TestSweepOfEntities: what was announced one by one is removed if discovery is off,
// has another prefix, or the gateway is no longer configured.
func TestSweepOfEntities(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*bridge.Bridge){
		"no discovery":    func(b *bridge.Bridge) { b.HomeAssistant.Off = true },
		"another prefix":  func(b *bridge.Bridge) { b.HomeAssistant.Prefix = "ha" },
		"another form":    func(b *bridge.Bridge) { b.HomeAssistant.Prefix, b.HomeAssistant.Form = "ha", hass.ByDevice },
		"another gateway": func(b *bridge.Bridge) { b.Gateways = b.Gateways[1:] },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const foreign = "homeassistant/sensor/0x00158d0001/power/config"
				r := newRig(&envoytest.Gateway{Start: time.Now().Add(12 * time.Hour), Inverters: 2})
				other := envoytest.NewServer(&envoytest.Gateway{Serial: "122200000002"})
				defer other.Close()
				r.broker.Publish(foreign, `{"origin":{"name":"Zigbee2MQTT"},"state_topic":"zigbee2mqtt/x"}`, true)
				r.again(t, func(b *bridge.Bridge) { b.HomeAssistant.Form = hass.ByEntity })
				r.again(t, func(b *bridge.Bridge) {
					b.HomeAssistant = bridge.HomeAssistant{Form: hass.ByEntity}
					b.Gateways = append(b.Gateways, r.feed("OTHER", other))
					b.Gateways[1].Serial = "122200000002"
					b.Previous = []hass.Namespace{{Topic: "envoy", Prefix: "homeassistant", Serials: []string{serial}}}
					change(b)
				})
				for topic, payload := range r.broker.RetainedAll() {
					isStale := strings.HasPrefix(topic, "homeassistant/") && topic != foreign
					if name == "another gateway" {
						isStale = strings.Contains(topic+payload, serial) && topic != "envoy/bridge/info"
						_, isAnnounced := r.broker.Retained("homeassistant/sensor/envoy_122200000002/grid_power/config")
						isStale = isStale || !isAnnounced
					}
					if isStale {
						t.Errorf("%s is still there", topic)
					}
				}
				if _, ok := r.broker.Retained(foreign); !ok {
					t.Error("another program's document was removed")
				}
				r.broker.Close()
				r.server.Close()
			})
		})
	}
}
