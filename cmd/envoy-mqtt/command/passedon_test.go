package command

import (
	"net/url"
	"reflect"
	"slices"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/broker"
	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/gateway"
)

// TestGatewayKeysArePassedOn: each key of a section [ENVOY] changes the client, the
// tokens or the bridge.
func TestGatewayKeysArePassedOn(t *testing.T) {
	elsewhere := []string{"LimitForever"} // the limiter of the gateway
	wantPassedOn(t, elsewhere, func(section config.Gateway) any {
		g := gateway.New(config.Config{Gateways: []config.Gateway{section}})[0]
		t.Cleanup(g.Close)
		c := bridgeConfig(g, nil)
		c.TokenInfo = nil // functions are never equal
		return []any{c, g.Client.Tokens}
	})
}

// TestBrokerKeysArePassedOn: each key of [MQTT] changes the connection.
func TestBrokerKeysArePassedOn(t *testing.T) {
	elsewhere := []string{"Topic", "KeyFile"} // newBridge, and together with CertFile
	wantPassedOn(t, elsewhere, func(section config.MQTT) any {
		if section.URL == nil {
			section.URL = &url.URL{Scheme: "mqtts", Host: "broker"}
		}
		c, err := broker.Config(section)
		return []any{c, err}
	})
}

// wantPassedOn checks that each field of a section, set alone, changes the result, but
// for those that are used elsewhere.
func wantPassedOn[T any](t *testing.T, elsewhere []string, result func(T) any) {
	t.Helper()
	var unset T
	for i := range reflect.TypeFor[T]().NumField() {
		name := reflect.TypeFor[T]().Field(i).Name
		var set T
		setAny(t, reflect.ValueOf(&set).Elem().Field(i))
		if isPassedOn := !reflect.DeepEqual(result(set), result(unset)); isPassedOn == slices.Contains(elsewhere, name) {
			t.Errorf("%T.%s is passed on: %t; see runconfig.go, internal/gateway/gateway.go and internal/broker/config.go, and the list of this test", unset, name, isPassedOn)
		}
	}
}

// setAny gives v a value that is not the zero value.
func setAny(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.String:
		v.SetString("1")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint8:
		v.SetUint(1)
	case reflect.Float64:
		v.SetFloat(1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		setAny(t, v.Index(0))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		if v.Elem().Kind() == reflect.Struct {
			setAny(t, v.Elem().FieldByName("Host"))
		}
	default:
		t.Fatalf("no value of %s", v.Type())
	}
}
