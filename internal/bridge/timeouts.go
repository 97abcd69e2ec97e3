package bridge

import (
	"slices"
	"time"
)

// productionPath is rendered by a slow process of the gateway: 0.3 to 30 s.
const productionPath = "/production.json"

// fastPaths are what a poll asks of the gateway's other processes, which answer
// in milliseconds. They have one timeout: some are asked only when a session is opened.
var fastPaths = []string{
	"/info", "/auth/check_jwt", "/ivp/meters", "/ivp/meters/readings",
	"/ivp/livedata/status", "/ivp/livedata/stream", "/api/v1/production",
}

// allFast stands for all fast paths in answerTimes.
const allFast = "fast paths"

const (
	firstTimeout         = 5 * time.Second // until enough answers are known
	minTimeout           = 2 * time.Second
	minProductionTimeout = 10 * time.Second
	timeoutFactor        = 4  // times the 99th percentile
	timeoutAnswers       = 20 // are enough
)

// timeout returns how long a request for path may take; 0 where only the
// client's Timeout bounds it.
func (a *answerTimes) timeout(path string) time.Duration {
	fast := slices.Contains(fastPaths, path)
	if fast {
		path = allFast
	}
	_, p99, n := a.figures(path)
	switch {
	case fast && n < timeoutAnswers:
		return max(firstTimeout, timeoutFactor*p99)
	case fast:
		return max(minTimeout, timeoutFactor*p99)
	case path == productionPath && n >= timeoutAnswers:
		return max(minProductionTimeout, timeoutFactor*p99)
	}
	return 0
}

// requestTimeout implements [envoy.Client.Limit].
func (g *gateway) requestTimeout(path string) time.Duration {
	return g.answers.timeout(path) << g.retry.doublings
}
