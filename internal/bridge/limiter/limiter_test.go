package limiter

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/limit"
)

// An output keeps the latest result.
type output struct {
	Output
	document string
}

func (o *output) PublishLimitResult(document string) { o.document = document }

// TestLongText: Home Assistant rejects a longer state.
func TestLongText(t *testing.T) {
	for _, text := range []string{"short", strings.Repeat("ü", maxText), strings.Repeat("ü", maxText+1)} {
		o := new(output)
		(&Limiter{output: o}).publish(limit.Result{Text: text})
		var got limit.Result
		if err := json.Unmarshal([]byte(o.document), &got); err != nil {
			t.Fatal(err)
		}
		if n := len([]rune(got.Text)); n != min(len([]rune(text)), maxText) {
			t.Errorf("%d characters of %q", n, text)
		}
	}
}
