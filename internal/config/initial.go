package config

// Initial returns the configuration to begin with where there is no file: the
// defaults and the environment, with one gateway, [ENVOY], whose HOST may be
// missing. It is for a program that asks for the rest.
func Initial(environ []string) (Config, error) {
	l := newLoader()
	l.addEnvironment(environ)
	cfg, g := Config{}, Gateway{Section: "ENVOY"}
	l.decodeShared(&cfg, environ)
	l.decode(g.Section, target{Config: &cfg, Gateway: &g})
	validator{l}.checkMQTT(&cfg.MQTT)
	cfg.Gateways = []Gateway{g}
	return cfg, l.err()
}
