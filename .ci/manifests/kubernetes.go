package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"regexp"
	"slices"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// manifests are the resources that an overlay has, one of each kind at most.
type manifests struct {
	claim    corev1.PersistentVolumeClaim
	config   corev1.ConfigMap
	service  corev1.Service
	policy   networkingv1.NetworkPolicy
	budget   *policyv1.PodDisruptionBudget // nil without it
	set      appsv1.StatefulSet
	monitor  *monitoringv1.ServiceMonitor // nil without it
	secret   corev1.Secret                // the example beside the overlays
	problems []error
}

// kubernetes builds an overlay as kubectl apply -k does, and checks it.
func kubernetes(dir, overlay string, out io.Writer) error {
	m, err := build(dir, overlay)
	if err != nil {
		return err
	}
	m.checkNames()
	m.checkVolumes()
	m.checkPods()
	m.checkNetwork()
	switch overlay {
	case "house":
		m.checkHouse()
	case "fleet":
		m.checkFleet()
	default:
		m.fail("there is no overlay %s", overlay)
	}
	if err := errors.Join(m.problems...); err != nil {
		return fmt.Errorf("%s: %w", overlay, err)
	}
	_, err = io.WriteString(out, m.config.Data["config.ini"])
	return err
}

func (m *manifests) fail(format string, args ...any) {
	m.problems = append(m.problems, fmt.Errorf(format, args...))
}

// build builds an overlay and decodes each resource strictly.
func build(dir, overlay string) (*manifests, error) {
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join(dir, overlay))
	if err != nil {
		return nil, err
	}
	m := new(manifests)
	seen := map[string]bool{}
	for _, r := range built.Resources() {
		kind := r.GetKind()
		if seen[kind] {
			return nil, fmt.Errorf("%s: two resources of the kind %s", overlay, kind)
		}
		seen[kind] = true
		var into any
		switch r.GetApiVersion() + " " + kind {
		case "v1 PersistentVolumeClaim":
			into = &m.claim
		case "v1 ConfigMap":
			into = &m.config
		case "v1 Service":
			into = &m.service
		case "apps/v1 StatefulSet":
			into = &m.set
		case "networking.k8s.io/v1 NetworkPolicy":
			into = &m.policy
		case "policy/v1 PodDisruptionBudget":
			m.budget = new(policyv1.PodDisruptionBudget)
			into = m.budget
		case "monitoring.coreos.com/v1 ServiceMonitor":
			m.monitor = new(monitoringv1.ServiceMonitor)
			into = m.monitor
		default:
			return nil, fmt.Errorf("%s: nothing is known of a %s %s", overlay, r.GetApiVersion(), kind)
		}
		text, err := r.AsYAML()
		if err == nil {
			err = yaml.UnmarshalStrict(text, into)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", overlay, kind, err)
		}
	}
	for _, kind := range []string{"PersistentVolumeClaim", "ConfigMap", "Service", "StatefulSet", "NetworkPolicy"} {
		if !seen[kind] {
			return nil, fmt.Errorf("%s: there is no %s", overlay, kind)
		}
	}
	return m, read(dir, "secret.yaml.example", &m.secret)
}

// bridge returns the only container of the pod.
func (m *manifests) bridge() corev1.Container {
	if n := len(m.set.Spec.Template.Spec.Containers); n != 1 {
		m.fail("the pod has %d containers", n)
		return corev1.Container{}
	}
	return m.set.Spec.Template.Spec.Containers[0]
}

// checkNames checks that every selector selects the pod or the Service.
func (m *manifests) checkNames() {
	pod := m.set.Spec.Template.Labels
	selectors := map[string]map[string]string{
		"StatefulSet": m.set.Spec.Selector.MatchLabels, "Service": m.service.Spec.Selector, "NetworkPolicy": m.policy.Spec.PodSelector.MatchLabels,
	}
	if m.budget != nil {
		selectors["PodDisruptionBudget"] = m.budget.Spec.Selector.MatchLabels
	}
	for _, c := range m.set.Spec.Template.Spec.TopologySpreadConstraints {
		selectors["topologySpreadConstraint"] = c.LabelSelector.MatchLabels
	}
	for name, selector := range selectors {
		if len(selector) == 0 || !contains(pod, selector) {
			m.fail("the selector %v of the %s does not select the pod", selector, name)
		}
	}
	if m.monitor != nil && (len(m.monitor.Spec.Selector.MatchLabels) == 0 || !contains(m.service.Labels, m.monitor.Spec.Selector.MatchLabels)) {
		m.fail("the ServiceMonitor does not select the Service")
	}
	if m.set.Spec.ServiceName != m.service.Name || m.service.Spec.ClusterIP != corev1.ClusterIPNone {
		m.fail("the Service %s is not the headless one of the StatefulSet", m.service.Name)
	}
}

func contains(labels, part map[string]string) bool {
	return maps.Equal(part, func() map[string]string {
		common := map[string]string{}
		for key := range part {
			common[key] = labels[key]
		}
		return common
	}())
}

// checkVolumes checks that what is mounted exists, and that files of the secret do.
func (m *manifests) checkVolumes() {
	volumes := map[string]corev1.Volume{}
	for _, v := range m.set.Spec.Template.Spec.Volumes {
		volumes[v.Name] = v
	}
	for _, mounted := range m.bridge().VolumeMounts {
		v, ok := volumes[mounted.Name]
		switch {
		case !ok:
			m.fail("volumeMount %s has no volume", mounted.Name)
		case v.ConfigMap != nil && v.ConfigMap.Name != m.config.Name,
			v.Secret != nil && v.Secret.SecretName != m.secret.Name,
			v.PersistentVolumeClaim != nil && v.PersistentVolumeClaim.ClaimName != m.claim.Name:
			m.fail("volume %s is of another name than its manifest", mounted.Name)
		}
		delete(volumes, mounted.Name)
	}
	for name := range volumes {
		m.fail("volume %s is mounted nowhere", name)
	}
	if len(m.set.Spec.VolumeClaimTemplates) > 0 {
		m.fail("each pod has a state folder of its own")
	}
	for _, file := range regexp.MustCompile(`(?m)_FILE = /run/secrets/envoy-mqtt/(\S+)$`).FindAllStringSubmatch(m.config.Data["config.ini"], -1) {
		if _, ok := m.secret.StringData[file[1]]; !ok {
			m.fail("config.ini names %s, which the secret has not", file[1])
		}
	}
}

// checkPods checks that the pod is locked down, and its probes.
func (m *manifests) checkPods() {
	bridge, pod := m.bridge(), m.set.Spec.Template.Spec
	for _, p := range []*corev1.Probe{bridge.LivenessProbe, bridge.ReadinessProbe} {
		if p == nil || p.HTTPGet == nil || !m.hasPort(p.HTTPGet.Port) {
			m.fail("a probe asks no port of the container: %v", p)
		}
	}
	if s := bridge.SecurityContext; s == nil || !*s.ReadOnlyRootFilesystem || *s.AllowPrivilegeEscalation || !*pod.SecurityContext.RunAsNonRoot || *pod.AutomountServiceAccountToken {
		m.fail("the pod is not locked down")
	}
	if r := bridge.Resources; r.Requests.Memory().Cmp(*r.Limits.Memory()) > 0 || r.Limits.Memory().IsZero() {
		m.fail("memory: the request is %v, the limit %v", r.Requests.Memory(), r.Limits.Memory())
	}
}

// hasPort reports whether the container has a port with this name.
func (m *manifests) hasPort(port intstr.IntOrString) bool {
	return slices.ContainsFunc(m.bridge().Ports, func(p corev1.ContainerPort) bool { return p.Name == port.String() })
}

// checkNetwork checks that the NetworkPolicy admits the bridge's port, and what
// config.ini connects to.
func (m *manifests) checkNetwork() {
	for _, p := range m.service.Spec.Ports {
		if !m.hasPort(p.TargetPort) {
			m.fail("the Service's port %s leads to none of the container", p.Name)
		}
	}
	if m.monitor != nil {
		for _, e := range m.monitor.Spec.Endpoints {
			if !slices.ContainsFunc(m.service.Spec.Ports, func(p corev1.ServicePort) bool { return p.Name == e.Port }) {
				m.fail("the ServiceMonitor scrapes port %s, which the Service has not", e.Port)
			}
		}
	}
	if !slices.Equal(m.policy.Spec.PolicyTypes, []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}) {
		m.fail("the NetworkPolicy must have both directions: %v", m.policy.Spec.PolicyTypes)
	}
	for _, rule := range m.policy.Spec.Ingress {
		for _, p := range rule.Ports {
			if !m.hasPort(*p.Port) {
				m.fail("the NetworkPolicy admits port %s, which the container has not", p.Port)
			}
		}
	}
	open := map[string]bool{}
	for _, rule := range m.policy.Spec.Egress {
		for _, p := range rule.Ports {
			open[p.Port.String()] = true
		}
	}
	broker := regexp.MustCompile(`(?m)^URL = \w+://[^:\s]+:(\d+)$`).FindStringSubmatch(m.config.Data["config.ini"])
	if broker == nil {
		m.fail("config.ini names no broker with a port")
		broker = []string{"", ""}
	}
	for _, port := range []string{"53", "80", "443", broker[1]} {
		if !open[port] {
			m.fail("the NetworkPolicy does not let the bridge connect to port %s", port)
		}
	}
}

// checkHouse checks what is so with one pod.
func (m *manifests) checkHouse() {
	if *m.set.Spec.Replicas != 1 || m.budget != nil {
		m.fail("a house has one pod, and no budget that would keep its machine from being drained")
	}
	if !slices.Equal(m.claim.Spec.AccessModes, []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}) {
		m.fail("the claim's access modes are %v", m.claim.Spec.AccessModes)
	}
	if m.bridge().ReadinessProbe.HTTPGet.Path != "/readyz" {
		m.fail("ready must be a bridge with fresh data")
	}
}

// checkFleet checks that the number of shards is that of the pods, that they share the
// volume, and that a gateway that is away does not stop an update.
func (m *manifests) checkFleet() {
	replicas, want := *m.set.Spec.Replicas, ""
	for _, e := range m.bridge().Env {
		if e.Name == "ENVOY_MQTT_GENERAL__SHARD" {
			want = e.Value
		}
	}
	if replicas < 2 || want != fmt.Sprintf("auto/%d", replicas) {
		m.fail("there are %d replicas, and SHARD is %s", replicas, want)
	}
	if m.set.Spec.Ordinals != nil {
		m.fail("ordinals must begin with 0, which is shard 1")
	}
	if !slices.Equal(m.claim.Spec.AccessModes, []corev1.PersistentVolumeAccessMode{corev1.ReadWriteMany}) || m.claim.Spec.StorageClassName == nil {
		m.fail("the claim must be one that all pods can share: %v", m.claim.Spec.AccessModes)
	}
	if m.budget == nil || m.budget.Spec.MaxUnavailable == nil || m.budget.Spec.MaxUnavailable.IntValue() != 1 {
		m.fail("one shard at a time may be drained")
	}
	if m.monitor == nil {
		m.fail("there is no ServiceMonitor")
	}
	if m.bridge().ReadinessProbe.HTTPGet.Path != "/healthz" {
		m.fail("a gateway that is away would stop an update")
	}
}
