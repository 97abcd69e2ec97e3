package shard

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		text, host string
		want       Shard
		err        string
	}{
		{"2/5", "", Shard{2, 5}, ""},
		{" 1 / 1 ", "", Shard{1, 1}, ""},
		{"auto/5", "envoy-mqtt-0", Shard{1, 5}, ""},
		{"AUTO/12", "a-b-11", Shard{12, 12}, ""},
		{"auto/5", "envoy-mqtt-5", Shard{}, "counted from 1"},
		{"auto/5", "house", Shard{}, "host name"},
		{"auto/5", "5", Shard{}, "host name"},
		{"auto/5", "envoy-mqtt-7f9c-x2", Shard{}, "host name"},
		{"auto/5", "", Shard{}, "host name"},
		{"0/5", "", Shard{}, "counted from 1"},
		{"6/5", "", Shard{}, "counted from 1"},
		{"-1/5", "", Shard{}, "counted from 1"},
		{"1/0", "", Shard{}, "counted from 1"},
		{"1/1001", "", Shard{}, "1000 shards at most"},
		{"2", "", Shard{}, "e.g. 2/5"},
		{"/5", "", Shard{}, "e.g. 2/5"},
		{"2/", "", Shard{}, "e.g. 2/5"},
		{"two/5", "", Shard{}, "e.g. 2/5"},
		{"2/5/7", "", Shard{}, "e.g. 2/5"},
	} {
		got, err := Parse(tt.text, tt.host)
		if got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("Parse(%q, %q) = %v, %v; want %v, %q", tt.text, tt.host, got, err, tt.want, tt.err)
		}
	}
}

// sections returns the names of n sections.
func sections(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("ENVOY_%05d", i)
	}
	return names
}

// TestOneMore checks the bound of rendezvous hashing: with one shard more, gateways
// move to the new one only, and one in count of them.
func TestOneMore(t *testing.T) {
	const n = 12_000
	for count := 1; count <= 8; count++ {
		moved := 0
		for _, s := range sections(n) {
			before, after := Of(s, count), Of(s, count+1)
			if before == after {
				continue
			}
			moved++
			if after != count+1 {
				t.Fatalf("%d to %d shards: %s moves from shard %d to shard %d, which existed before", count, count+1, s, before, after)
			}
		}
		if fair := float64(n) / float64(count+1); float64(moved) < 0.9*fair || float64(moved) > 1.1*fair {
			t.Errorf("%d to %d shards: %d of %d gateways move, want about %.0f", count, count+1, moved, n, fair)
		}
	}
}

// TestBalance checks that every gateway belongs to one shard, and that no shard has
// many more than others.
func TestBalance(t *testing.T) {
	const n, count = 2000, 5
	owned := make([]int, count+1)
	for _, section := range sections(n) {
		owners := 0
		for number := 1; number <= count; number++ {
			if (Shard{number, count}).Owns(section) {
				owned[number]++
				owners++
			}
		}
		if owners != 1 {
			t.Fatalf("%s belongs to %d shards", section, owners)
		}
	}
	for number, n := range owned[1:] {
		if n < 340 || n > 460 { // three standard deviations
			t.Errorf("shard %d has %d gateways, want about 400", number+1, n)
		}
	}
}

// TestAgreement checks that the assignment is that of earlier versions: processes of
// two versions run beside each other during an update.
func TestAgreement(t *testing.T) {
	var got []int
	for _, s := range []string{"ENVOY", "ENVOY_GARAGE", "ENVOY_BARN", "ENVOY_0001", "ENVOY_0002", "ENVOY_0003"} {
		got = append(got, Of(s, 5))
	}
	if want := []int{1, 5, 5, 2, 3, 3}; !slices.Equal(got, want) {
		t.Errorf("the gateways belong to shards %v, want %v", got, want)
	}
}

func TestNoFleet(t *testing.T) {
	if s := (Shard{}); s.IsSet() || !s.Owns("ENVOY") {
		t.Error("without a fleet, a gateway must belong to the process")
	}
	if got := (Shard{2, 5}).String(); got != "2/5" {
		t.Errorf("String = %s", got)
	}
}
