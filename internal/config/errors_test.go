package config

import (
	"slices"
	"strings"
	"testing"
)

func TestConfigErrors(t *testing.T) {
	const host = "[ENVOY]\nHOST=a\n" // the rows add line 3
	empty := writeFile(t, "empty", "")
	tests := []struct {
		name, text string
		environ    []string
		want       []string // how each line of the error begins
	}{
		{"unknown key", host + "USRNAME = me", nil, []string{"config.ini:3: [ENVOY] USRNAME: unknown key; did you mean USERNAME?"}},
		{"unknown _FILE", host + "TOKN_FILE = /x", nil, []string{"config.ini:3: [ENVOY] TOKN_FILE: unknown key; did you mean TOKEN_FILE?"}},
		{"like nothing", host + "[MQTT]\nBROKER = b", nil, []string{"config.ini:4: [MQTT] BROKER: unknown key; known here: URL, USERNAME, PASSWORD, TOPIC,"}},
		{"key of another section", "HOST=a\n" + host, nil, []string{"config.ini:1: HOST: before the first [SECTION]; move it below one"}},
		{"unknown section", host + "[MQT]\nURL=x", nil, []string{"config.ini:3: [MQT]: unknown section; did you mean [MQTT]?"}},
		{"section like nothing", host + "[SHELLY]", nil, []string{"config.ini:3: [SHELLY]: unknown section; known: [GENERAL], [MQTT], [HOMEASSISTANT], [HTTP], [COMPAT], [ENLIGHTEN], [ENVOY], [TOTAL], [ENVOY_<name>], [TOTAL_<name>]"}},
		{"second key", host + "host=b", nil, []string{"config.ini:3: [ENVOY] HOST: given already on line 2"}},
		{"second section", host + "[envoy]", nil, []string{"config.ini:3: [ENVOY]: begun already on line 1"}},
		{"second section, other spelling", "[ENVOY_X]\nHOST=a\n[Envoy \"x\"]", nil, []string{"config.ini:3: [ENVOY_X]: begun already on line 1"}},
		{"no host", "\n[ENVOY]\nTOKEN=x", nil, []string{"config.ini:2: [ENVOY] HOST: missing; write the gateway's name or address"}},
		{"no host in a section of no keys", "[ENVOY]", nil, []string{"config.ini:1: [ENVOY] HOST: missing;"}},
		{"no host in the environment", "", []string{"ENVOY_MQTT_ENVOY_B__SERIAL=123456"}, []string{"environment ENVOY_MQTT_ENVOY_B__HOST: missing;"}},
		{"no gateway", "[MQTT]\nURL=x", nil, []string{"no gateway: write a section [ENVOY] with HOST ="}},
		{"variable's key", host, []string{"ENVOY_MQTT_MQTT__PASWORD=x"}, []string{"environment ENVOY_MQTT_MQTT__PASWORD: unknown key; did you mean PASSWORD?"}},
		{"variable's section", host, []string{"ENVOY_MQTT_MTQQ__PASSWORD=x"}, []string{"environment ENVOY_MQTT_MTQQ__PASSWORD: unknown variable; did you mean ENVOY_MQTT_MQTT__PASSWORD?"}},
		{"variable's underscores", host, []string{"ENVOY_MQTT_ENVOY_HOST=x"}, []string{"environment ENVOY_MQTT_ENVOY_HOST: unknown variable; did you mean ENVOY_MQTT_ENVOY__HOST?"}},
		{"variable like nothing", host, []string{"ENVOY_MQTT_DEBUG=x"}, []string{"environment ENVOY_MQTT_DEBUG: unknown variable; they are called ENVOY_MQTT_<SECTION>__<KEY>"}},
		{"variable's value", host, []string{"ENVOY_MQTT_ENVOY__TIMEOUT=0s"}, []string{`environment ENVOY_MQTT_ENVOY__TIMEOUT: "0s": must be more than 0`}},
		{"value and file", host + "TOKEN=x\nTOKEN_FILE=/x", nil, []string{"config.ini:4: [ENVOY] TOKEN_FILE: TOKEN is given too"}},
		{"value's file is missing", host + "TOKEN_FILE=/nowhere/token", nil, []string{"config.ini:3: [ENVOY] TOKEN_FILE: open /nowhere/token: no such file"}},
		{"value's file is empty", host + "TOKEN_FILE=" + empty, nil, []string{"config.ini:3: [ENVOY] TOKEN_FILE: " + empty + " is empty"}},
		{"certificate is missing", host + "[MQTT]\nCA_FILE=/nowhere/ca", nil, []string{`config.ini:4: [MQTT] CA_FILE: "/nowhere/ca": no such file`}},
		{"user without password", host + "USERNAME=me", nil, []string{"config.ini:3: [ENVOY] USERNAME: PASSWORD is missing"}},
		{"password without user", host + "PASSWORD=x", nil, []string{"config.ini:3: [ENVOY] PASSWORD: USERNAME is missing"}},
		{"broker's password without user", host + "[MQTT]\nPASSWORD=x", nil, []string{"config.ini:4: [MQTT] PASSWORD: USERNAME is missing"}},
		{"certificate without key", host + "[MQTT]\nCERT_FILE=" + empty, nil, []string{"config.ini:4: [MQTT] CERT_FILE: KEY_FILE is missing"}},
		{"same host", "[ENVOY]\nHOST=envoy.local\n[ENVOY_B]\nHOST=https://Envoy.local.:443/", nil, []string{"config.ini:4: [ENVOY_B] HOST: the same as in [ENVOY];"}},
		{"http and a pinned certificate", "[ENVOY]\nHOST=HTTP://a\nFINGERPRINT=sha256:" + strings.Repeat("ab", 32), nil, []string{"config.ini:2: [ENVOY] HOST: http has no certificate;"}},
		{"http and a verified certificate", "[ENVOY]\nHOST=http://a\nVERIFY_SSL=true", nil, []string{"config.ini:2: [ENVOY] HOST: http has no certificate;"}},
		{"same serial", "[ENVOY]\nHOST=a\nSERIAL=123456\n[ENVOY_B]\nHOST=b\nSERIAL=123456", nil, []string{"config.ini:6: [ENVOY_B] SERIAL: the same as in [ENVOY];"}},
		{"one set of topics for two gateways", "[COMPAT]\nPROFILES=freeds\n[ENVOY]\nHOST=a\n[ENVOY_B]\nHOST=b", nil, []string{"config.ini:2: [COMPAT] PROFILES: these topics hold one gateway, and there are 2;"}},
		{"found by itself, of several", "[ENVOY]\nHOST=auto\nSERIAL=123456\n[ENVOY_B]\nHOST=auto", nil, []string{"config.ini:5: [ENVOY_B] HOST: auto with several gateways requires SERIAL"}},
		{"colon", "[ENVOY]\nHOST: envoy.local\n", nil, []string{"config.ini:2: neither a [SECTION] nor KEY = value nor a comment; write HOST = envoy.local"}},
		{"misspelled, reported once", "[ENVOY]\nHSOT = a\nUSER = me\nPASSWORD = x", nil, []string{"config.ini:2: [ENVOY] HSOT: unknown key; did you mean HOST?", "config.ini:3: [ENVOY] USER: unknown key"}},
		{"colon, secret", host + "password: x", nil, []string{"config.ini:3: neither a [SECTION] nor KEY = value nor a comment; write PASSWORD = …"}},
		{"space", host + "NAME My House", nil, []string{"config.ini:3: neither a [SECTION] nor KEY = value nor a comment; write NAME = My House"}},
		{"shortened key", host + "USER = me", nil, []string{"config.ini:3: [ENVOY] USER: unknown key; did you mean USERNAME?"}},
		{"comment after a value", host + "INTERVAL = 5s # slow", nil, []string{`config.ini:3: [ENVOY] INTERVAL: "5s # slow": want a duration, e.g. 500ms, 5s or 2m; a comment needs a line of its own`}},
		{"not an INI line", host + "INTERVAL", nil, []string{"config.ini:3: neither a [SECTION] nor KEY = value nor a comment"}},
		{"comment behind a section", "[ENVOY] # mine\nHOST=a", nil, []string{"config.ini:1: a section is written [NAME], alone on its line", "config.ini:2: HOST: before the first", "no gateway"}},
		{"not UTF-8", host + "NAME=\xff\xfe", nil, []string{"config.ini:3: not plain text"}},
		{
			"all at once, in order", "[ENVOY]\nINTERVAL=5\nfoo bar\n[MQT]\n[MQTT]\nVERIFY_SSL=maybe\nURI=x\nURI=y",
			[]string{"ENVOY_MQTT_MQTT__TOPIC=/"},
			[]string{
				"config.ini:1: [ENVOY] HOST: missing", `config.ini:2: [ENVOY] INTERVAL: "5": missing unit, e.g. 5s`, "config.ini:3: neither",
				"config.ini:4: [MQT]", `config.ini:6: [MQTT] VERIFY_SSL: "maybe": want true or false`, "config.ini:7: [MQTT] URI: unknown key; did you mean URL?",
				"config.ini:8: [MQTT] URI: given already", `environment ENVOY_MQTT_MQTT__TOPIC: "/": must not begin`,
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, got := load(t, tt.text, tt.environ...)
			if !slices.EqualFunc(got, tt.want, strings.HasPrefix) {
				t.Errorf("Load:\n%s\nwant lines that begin with\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}

func TestErrorsShowNoSecret(t *testing.T) {
	const hidden = "hunter-2"
	file, broken := writeFile(t, "password", hidden), writeFile(t, "password", hidden+"\x00")
	tests := []struct{ name, text, environ string }{
		{"misspelt key", "PASWORD=" + hidden, ""},
		{"misspelt section", "[ENVO]\nPASSWORD=" + hidden, ""},
		{"no equals sign", "PASSWORD " + hidden, ""},
		{"colon, equals sign in the value", "PASSWORD: " + hidden + "=", ""},
		{"control character", "USERNAME=me\nPASSWORD=" + hidden + "\x01", ""},
		{"control character in a file", "USERNAME=me\nPASSWORD_FILE=" + broken, ""},
		{"wrong file", "SERIAL_FILE=" + file, ""},
		{"given twice", "PASSWORD=x\nPASSWORD=" + hidden, ""},
		{"without user", "PASSWORD=" + hidden, ""},
		{"broker URL", "[MQTT]\nURL=mqtt://me:" + hidden + "@host:99999", ""},
		{"broker URL, # in the password", "[MQTT]\nURL=mqtt://me:" + hidden + "#x@host", ""},
		{"broker URL of no scheme", "[MQTT]\nURL=me:" + hidden + "@ho st", ""},
		{"gateway URL", "[ENVOY_B]\nHOST=https://me:" + hidden + "@envoy", ""},
		{"cloud URL", "[ENLIGHTEN]\nLOGIN_URL=https://me:" + hidden + "@cloud", ""},
		{"misspelt variable", "", "ENVOY_MQTT_ENVOY__PASSWRD=" + hidden},
		{"variable of no section", "", "ENVOY_MQTT_PASSWORD=" + hidden},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, errs := load(t, "[ENVOY]\nHOST=a\n"+tt.text, tt.environ)
			if got := strings.Join(errs, "\n"); got == "" || strings.Contains(got, hidden) {
				t.Errorf("Load: %q, want an error without %s", got, hidden)
			}
		})
	}
}
