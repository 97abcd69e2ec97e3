package command

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// mayImport says who may import whom, beside the standard library. Simulators
// know nobody but themselves.
var mayImport = map[string][]string{
	"cmd/envoy-mqtt":                     {"cmd/envoy-mqtt/command"},
	"cmd/envoy-mqtt/command":             {"internal/", "github.com/mochi-mqtt/server/v2", "github.com/mochi-mqtt/server/v2/", "github.com/rs/zerolog", "github.com/spf13/cobra", "github.com/spf13/pflag", "golang.org/x/sync/errgroup"},
	"internal/envoy":                     {"internal/envoy/auth", "internal/envoy/clock", "internal/envoy/device", "internal/envoy/locate", "internal/envoy/sunspec", "internal/envoy/transport", "internal/envoy/wire"},
	"internal/envoy/auth":                {"internal/envoy/locate", "internal/envoy/transport", "internal/envoy/wire"},
	"internal/envoy/clock":               {},
	"internal/envoy/device":              {"internal/envoy/auth", "internal/envoy/clock", "internal/envoy/wire", "internal/serialnumber"},
	"internal/envoy/locate":              {"internal/envoy/transport", "internal/envoy/wire", "internal/mdns", "internal/serialnumber"},
	"internal/envoy/powerlimit":          {"internal/envoy", "internal/envoy/auth", "internal/envoy/locate", "internal/envoy/transport", "internal/envoy/wire"},
	"internal/envoy/sunspec":             {"internal/blocking", "internal/envoy/transport", "internal/envoy/wire", "github.com/simonvetter/modbus"},
	"internal/envoy/sunspec/sunspectest": {},
	"internal/envoy/transport":           {"internal/mdns", "github.com/icholy/digest"},
	"internal/envoy/wire":                {},
	"internal/mdns":                      {"golang.org/x/net/"},
	"internal/envoy/envoytest":           nil,
	"internal/enlighten":                 {"internal/serialnumber", "internal/state", "github.com/golang-jwt/jwt/v5"},
	"internal/enlighten/enlightentest":   {"github.com/golang-jwt/jwt/v5"},
	"internal/problem":                   {},
	"internal/filter":                    {"internal/envoy", "internal/envoy/device", "internal/envoy/wire", "github.com/rs/zerolog"},
	"internal/total":                     {"internal/envoy"},
	"internal/history/binfile":           {},
	"internal/history":                   {"internal/envoy", "internal/envoy/device", "internal/history/binfile", "internal/serialnumber", "internal/state", "github.com/rs/zerolog"},
	"internal/schema":                    {"internal/envoy", "internal/mqtt"},
	"internal/bridge/limiter":            {"internal/envoy", "internal/envoy/powerlimit", "internal/limit", "github.com/rs/zerolog"},
	"internal/bridge":                    {"internal/bridge/connection", "internal/bridge/limiter", "internal/bridge/publish", "internal/devices", "internal/envoy", "internal/envoy/device", "internal/hass", "internal/limit", "internal/mqtt", "internal/outbox", "internal/problem", "internal/schedule", "internal/schema", "internal/total", "github.com/rs/zerolog"},
	// What is published does not know when: no event loop, no connection.
	"internal/bridge/publish":    {"internal/devices", "internal/envoy", "internal/envoy/device", "internal/envoy/locate", "internal/envoy/powerlimit", "internal/filter", "internal/hass", "internal/mqtt", "internal/outbox", "internal/schedule", "internal/schema", "internal/total", "github.com/rs/zerolog"},
	"internal/bridge/connection": {"internal/hass", "internal/mqtt", "internal/outbox", "internal/problem", "internal/schema", "github.com/rs/zerolog"},
	"internal/devices":           {"internal/envoy", "internal/envoy/device", "internal/envoy/powerlimit", "internal/envoy/wire", "internal/hass", "internal/schema"},
	"internal/schedule":          {"internal/envoy", "internal/problem"},
	"internal/monitor":           {"internal/bridge", "internal/envoy", "internal/schema", "internal/state", "internal/web/access", "github.com/prometheus/client_golang/prometheus", "github.com/prometheus/client_golang/prometheus/", "github.com/coreos/go-systemd/v22/daemon", "github.com/rs/zerolog"},
	"internal/web":               {"internal/bridge", "internal/envoy", "internal/envoy/device", "internal/history", "internal/schema", "internal/web/access", "internal/web/respond"},
	"internal/web/access":        {},
	"internal/web/respond":       {},
	"internal/web/setuppage":     {"internal/config", "internal/envoy/locate", "internal/hint", "internal/setup", "internal/web/access", "internal/web/respond", "golang.org/x/net/netutil"},
	"internal/web/webtest":       {"internal/history"},
	"internal/config":            {"internal/envoy", "internal/envoy/locate", "internal/schema", "internal/serialnumber", "internal/shard", "internal/state", "github.com/knadh/koanf/", "github.com/spf13/pflag"},
	"internal/outbox":            {"internal/mqtt"},
	"internal/hass":              {"internal/outbox", "internal/mqtt"},
	"internal/outbox/outboxtest": {"internal/outbox", "internal/mqtt", "internal/mqtt/mqtttest"},
	"internal/serialnumber":      {},
	"internal/shard":             {},
	"internal/state":             {"github.com/gofrs/flock"},
	"internal/archive":           {},
	"internal/doctable":          {},
	"internal/limit":             {"internal/envoy", "internal/envoy/powerlimit"},
	"internal/limit/limittest":   {"internal/envoy/envoytest", "internal/envoy/powerlimit", "internal/limit"},
	"internal/blocking":          {},
	"internal/broker":            {"internal/config", "internal/mqtt", "internal/state"},
	"internal/prompt":            {"internal/blocking", "internal/config", "internal/terminal", "golang.org/x/sys/unix", "golang.org/x/term"},
	"internal/consumers":         {"internal/config", "internal/schema", "internal/state"},
	"internal/check":             {"internal/broker", "internal/config", "internal/enlighten", "internal/envoy", "internal/envoy/locate", "internal/gateway", "internal/hint", "internal/mqtt", "internal/schema", "internal/state", "internal/terminal", "internal/view"},
	"internal/gateway":           {"internal/bridge", "internal/config", "internal/enlighten", "internal/envoy", "internal/envoy/auth", "internal/envoy/locate", "internal/envoy/powerlimit", "internal/hint", "internal/problem", "internal/state", "github.com/rs/zerolog"},
	"internal/hint":              {"internal/config", "internal/enlighten", "internal/envoy", "internal/envoy/powerlimit"},
	"internal/redact":            {},
	"internal/setup":             {"internal/broker", "internal/config", "internal/enlighten", "internal/envoy/auth", "internal/envoy/locate", "internal/gateway", "internal/hint", "internal/mqtt", "internal/state"},
	"internal/terminal":          {"golang.org/x/term"},
	"internal/view":              {"internal/envoy", "internal/envoy/locate", "internal/serialnumber", "internal/terminal"},
	"internal/hass/hasstest":     nil,
	"internal/mqtt":              {"github.com/eclipse/paho.golang/", "github.com/gorilla/websocket"},
	"internal/mqtt/mqtttest":     {"github.com/eclipse/paho.golang/"},
	"internal/proctest":          nil,
}

func TestImports(t *testing.T) {
	const module = "github.com/envoy-mqtt/envoy-mqtt/"
	out, err := exec.Command("go", "list", "-f", "{{range .Imports}}{{$.ImportPath}} {{.}}\n{{end}}", "../../../...").Output()
	if err != nil {
		t.Fatal(err)
	}
	ruled := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		pkg, imp, _ := strings.Cut(strings.TrimSpace(line), " ")
		pkg, imp = strings.TrimPrefix(pkg, module), strings.TrimPrefix(imp, module)
		if imp == "text/template" || imp == "html/template" {
			t.Errorf("%s imports %s, whose calls of methods by name make the linker keep every exported method: 2.5 MB", pkg, imp)
		}
		allowed, ok := mayImport[pkg]
		isTool := strings.HasPrefix(pkg, "internal/proctest/") || strings.HasPrefix(pkg, "internal/budget/")
		if !ok && !isTool && strings.HasPrefix(pkg, "internal/") {
			t.Errorf("%s has no row in mayImport", pkg)
		}
		if !ok {
			continue
		}
		ruled[pkg] = true
		std := !strings.Contains(imp, ".") && !strings.HasPrefix(imp, "internal/") && !strings.HasPrefix(imp, "cmd/")
		if !std && !slices.ContainsFunc(allowed, func(a string) bool { return imp == a || strings.HasSuffix(a, "/") && strings.HasPrefix(imp, a) }) {
			t.Errorf("%s imports %s", pkg, imp)
		}
		if (imp == "log" || imp == "log/slog") && !strings.HasSuffix(pkg, "test") && pkg != "cmd/envoy-mqtt/command" && pkg != "internal/monitor" && pkg != "internal/web/setuppage" && pkg != "internal/envoy/sunspec" { // which silence net/http, the demo's broker, http.Server and the Modbus library
			t.Errorf("%s logs", pkg)
		}
	}
	if len(ruled) != len(mayImport) {
		t.Errorf("of %d packages with a rule %d were found", len(mayImport), len(ruled))
	}
}

func TestBinaryIsFreeOfTests(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "..").Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), "internal/bridge") {
		t.Fatalf("go list says %q", out)
	}
	for dep := range strings.Lines(string(out)) {
		if dep := strings.TrimSpace(dep); dep == "testing" || strings.Contains(dep, "testcontainers") {
			t.Errorf("the binary links %s", dep)
		}
	}
}
