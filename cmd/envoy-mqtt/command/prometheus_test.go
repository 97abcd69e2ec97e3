//go:build prometheus

package command

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// TestPrometheus has a real Prometheus scrape the program and asks it every
// question of the Grafana dashboard. A Prometheus that is missing is a failure:
// without the build tag this is not run.
func TestPrometheus(t *testing.T) {
	h := newHouse(t, &envoytest.Gateway{Phases: 3})
	addr, server := "127.0.0.1:"+proctest.FreePort(t), "127.0.0.1:"+proctest.FreePort(t)
	p := h.start(t, withAccount+"[HTTP]\nLISTEN = "+addr+"\n")
	proctest.Await(t, "readiness", func() bool {
		code, _ := fetch(t, http.MethodGet, "http://"+addr+"/readyz")
		return code == http.StatusOK
	})

	_, text := fetch(t, http.MethodGet, "http://"+addr+"/metrics")
	lint := exec.Command("promtool", "check", "metrics")
	lint.Stdin = strings.NewReader(text)
	if out, err := lint.CombinedOutput(); err != nil {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}

	config := proctest.WriteFile(t, filepath.Join(t.TempDir(), "prometheus.yml"),
		"global: {scrape_interval: 1s}\nscrape_configs:\n- {job_name: envoy-mqtt, static_configs: [{targets: ['"+addr+"']}]}\n")
	proctest.Start(t, exec.Command("prometheus", "--config.file="+config, "--storage.tsdb.path="+t.TempDir(), "--web.listen-address="+server))

	asked := 0
	for _, q := range questions(t) {
		asked++
		proctest.Await(t, "an answer to "+q, func() bool {
			code, body := fetch(t, http.MethodGet, "http://"+server+"/api/v1/query?query="+url.QueryEscape(q))
			var answer struct {
				Data struct{ Result []any }
			}
			if code == http.StatusBadRequest {
				t.Fatalf("%s: %s", q, body)
			}
			return code == http.StatusOK && json.Unmarshal([]byte(body), &answer) == nil && len(answer.Data.Result) > 0
		})
	}
	t.Logf("%d queries answered", asked)
	if asked < 10 {
		t.Errorf("%d questions asked, want those of a dashboard", asked)
	}
	p.Stop()
}

// questions are the dashboard's, with its variables filled in.
func questions(t *testing.T) (qs []string) {
	t.Helper()
	var board struct {
		Panels []struct{ Targets []struct{ Expr string } }
	}
	if err := json.Unmarshal([]byte(proctest.ReadFile(t, "../../../deploy/grafana/envoy-mqtt.json")), &board); err != nil {
		t.Fatal(err)
	}
	fill := strings.NewReplacer("$gateway", ".*", "$job", ".*", "$__rate_interval", "10s")
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			qs = append(qs, fill.Replace(target.Expr))
		}
	}
	return qs
}
