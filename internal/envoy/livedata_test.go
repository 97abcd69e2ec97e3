package envoy

import (
	"strings"
	"testing"
)

func TestParseLivedata(t *testing.T) {
	const meters = `"pv":{"agg_p_mw":3000000,"agg_s_mva":3100000,"agg_p_ph_a_mw":1500000,"agg_p_ph_b_mw":1500000},` +
		`"grid":{"agg_p_mw":-1200500,"agg_p_ph_a_mw":-600250,"agg_p_ph_b_mw":-600250},"storage":{"agg_p_mw":-200000},"load":{"agg_p_mw":1599500},"generator":{"agg_p_mw":0}`
	for _, tt := range []struct{ name, body, want string }{
		{
			"two phases", `{"connection":{"sc_stream":"enabled"},"meters":{"last_update":1764000000,"phase_count":2,` + meters + `}}`,
			"production 3000:1500,1500 net-consumption -1200.5:-600.25,-600.25 storage -200 house 1599.5",
		},
		{
			"no count of phases", `{"connection":{"sc_stream":"enabled"},"meters":{"last_update":1764000000,` + meters + `}}`,
			"production 3000 net-consumption -1200.5 storage -200 house 1599.5",
		},
		{
			"two phases, and all on the first", `{"connection":{"sc_stream":"enabled"},"meters":{"last_update":1764000000,"phase_count":2,` +
				`"pv":{"agg_p_mw":3000000,"agg_p_ph_a_mw":3000000,"agg_p_ph_b_mw":0},"grid":{"agg_p_mw":-5000,"agg_p_ph_a_mw":-5000,"agg_p_ph_b_mw":0}}}`,
			"production 3000 net-consumption -5",
		},
		{
			"a phase that makes nothing", `{"connection":{"sc_stream":"enabled"},"meters":{"last_update":1764000000,"phase_count":2,` +
				`"pv":{"agg_p_mw":3000000,"agg_p_ph_a_mw":3000000,"agg_p_ph_b_mw":0},"grid":{"agg_p_mw":-5000,"agg_p_ph_a_mw":-6000,"agg_p_ph_b_mw":1000}}}`,
			"production 3000:3000,0 net-consumption -5:-6,1",
		},
		{"standing still", `{"connection":{"sc_stream":"disabled"},"meters":{"grid":{"agg_p_mw":1}}}`, "off"},
		{"no number", `{"meters":{"grid":{"agg_p_mw":"1"}}}`, "net-consumption: agg_p_mw is not a number"},
		{"a count that ran over", `{"meters":{"grid":{"agg_p_mw":-2147483648}}}`, "net-consumption: agg_p_mw is -2147484 W, which no CT can measure"},
		{"a phase that is none", `{"meters":{"phase_count":2,"grid":{"agg_p_mw":1,"agg_p_ph_a_mw":true}}}`, "phase 1: agg_p_mw is not a number"},
		{"an error for an answer", `{"error":"not here"}`, "not supported by this gateway"},
		{"a page", `<html>`, "not supported by this gateway"},
	} {
		r, streaming, err := parseLivedata([]byte(tt.body))
		var got []string
		for _, m := range r.meters {
			got = append(got, short(m))
		}
		switch text := strings.Join(got, " "); {
		case err != nil:
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
			}
		case tt.want == "off":
			if streaming {
				t.Errorf("%s: the data move", tt.name)
			}
		case text != tt.want || !streaming:
			t.Errorf("%s: %s, moving %v, want %s", tt.name, text, streaming, tt.want)
		}
	}
}

// FuzzLivedata: any bytes give finite numbers or an error.
func FuzzLivedata(f *testing.F) {
	for _, s := range []string{`{}`, `{"meters":{"phase_count":3,"grid":{"agg_p_mw":-0.0,"agg_s_mva":1e999}}}`, `{"meters":{"pv":null,"load":{}}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, _, err := parseLivedata(body)
		if err != nil {
			return
		}
		r.meters = derive(r.meters)
		wantFinite(t, r.meters)
	})
}
