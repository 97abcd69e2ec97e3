// Package monitor shows how a running bridge is doing: metrics for Prometheus,
// /healthz and /readyz, a health file for containers, and messages for systemd.
//
// Counters and response times are counted as the bridge reports them; everything
// else is read when it is asked for. Stale values are absent, as on the broker.
// No label contains anything but names of sections, meters and endpoints, serial
// numbers and versions: no secret, and nothing that grows without bound.
package monitor
