package state

import (
	"errors"
	"reflect"
	"testing"
)

func TestPublishedStore(t *testing.T) {
	dir := t.TempDir()
	store := NewPublishedStore(dir, "broker:1883")
	err := errors.Join(
		store.Add(PublishedTopics{Topic: "envoy", Prefix: "homeassistant", Serials: []string{"122000000001", ""}}),
		store.Add(PublishedTopics{Topic: "solar", Serials: []string{"122000000001", "122000000002"}}),
		NewPublishedStore(dir, "other:1883").Add(PublishedTopics{Topic: "envoy", Prefix: "homeassistant", Serials: []string{"122000000003"}}),
	)
	if err != nil {
		t.Fatal(err)
	}

	store = NewPublishedStore(dir, "broker:1883")
	envoy := PublishedTopics{Topic: "envoy", Prefix: "homeassistant", Serials: []string{"122000000001"}}
	solar := PublishedTopics{Topic: "solar", Serials: []string{"122000000001", "122000000002"}}
	if got, want := store.Topics(), []PublishedTopics{envoy, solar}; !reflect.DeepEqual(got, want) {
		t.Errorf("Topics = %+v, want %+v", got, want)
	}

	err = errors.Join(
		store.Remove(envoy, "solar", ""), // no longer in use
		store.Remove(solar, "solar", ""), // in use
		store.Remove(PublishedTopics{Topic: "unknown"}, "solar", ""),
	)
	if err != nil {
		t.Fatal(err)
	}
	got := NewPublishedStore(dir, "broker:1883").Topics()
	if len(got) != 1 || got[0].Topic != "solar" || len(got[0].Serials) != 0 {
		t.Errorf("Topics after Remove = %+v, want solar without gateways", got)
	}
	if got := NewPublishedStore(dir, "other:1883").Topics(); len(got) != 1 {
		t.Errorf("Topics on the other broker = %+v, want one", got)
	}
}

func TestMayHaveEntities(t *testing.T) {
	dir := t.TempDir()
	store := NewPublishedStore(dir, "broker:1883")
	if !store.MayHaveEntities("homeassistant") {
		t.Error("without a file: false, want true: another folder may have been in use")
	}
	err := errors.Join(
		store.Add(PublishedTopics{Topic: "envoy", Prefix: "homeassistant", Serials: []string{"122000000001"}}),
		store.Add(PublishedTopics{Topic: "envoy", Prefix: "ha", ByEntity: true}),
	)
	if err != nil {
		t.Fatal(err)
	}
	store = NewPublishedStore(dir, "broker:1883")
	if err := store.Add(PublishedTopics{Topic: "solar", Prefix: "ha"}); err != nil {
		t.Fatal(err)
	}
	for prefix, want := range map[string]bool{"homeassistant": false, "ha": true, "other": true} {
		if got := store.MayHaveEntities(prefix); got != want {
			t.Errorf("%s: %t, want %t", prefix, got, want)
		}
	}
}
