package e2e

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"sessiongraph/internal/test/program"
)

// findTool returns the path of a program that make NAME installs. Without it the test is skipped.
func findTool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		path, err = exec.LookPath(program.File("bin/" + name))
	}
	if err != nil {
		t.Skipf("%s IS NOT INSTALLED (make %s installs it): not tested", strings.ToUpper(name), name)
	}
	return path
}

// helm runs helm on the chart.
func helm(t *testing.T, command string, args ...string) (out string, err error) {
	t.Helper()
	text, err := exec.Command(findTool(t, "helm"), append([]string{command}, args...)...).CombinedOutput()
	return string(text), err
}

// kubernetesObject is what the test reads of any.
type kubernetesObject struct {
	Kind string
	Data map[string]string
	Spec struct {
		Replicas int
		Template struct{ Spec pod }
	}
}

type pod struct {
	AutomountServiceAccountToken *bool           `yaml:"automountServiceAccountToken"`
	EnableServiceLinks           *bool           `yaml:"enableServiceLinks"`
	SecurityContext              securityContext `yaml:"securityContext"`
	Containers                   []struct {
		Env []struct {
			Name, Value string
			ValueFrom   map[string]any `yaml:"valueFrom"`
		}
		SecurityContext securityContext `yaml:"securityContext"`
		LivenessProbe   probe           `yaml:"livenessProbe"`
		ReadinessProbe  probe           `yaml:"readinessProbe"`
	}
}

type securityContext struct {
	RunAsNonRoot             bool           `yaml:"runAsNonRoot"`
	ReadOnlyRootFilesystem   bool           `yaml:"readOnlyRootFilesystem"`
	AllowPrivilegeEscalation *bool          `yaml:"allowPrivilegeEscalation"`
	SeccompProfile           map[string]any `yaml:"seccompProfile"`
}

type probe struct {
	HTTPGet struct{ Path string } `yaml:"httpGet"`
}

// renderChart returns the chart's objects by their kinds.
func renderChart(t *testing.T, set ...string) map[string]kubernetesObject {
	t.Helper()
	args := []string{"release", program.File("deploy/helm"), "--kube-version=1.31.0"}
	for _, value := range set {
		args = append(args, "--set", value)
	}
	text, err := helm(t, "template", args...)
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	objects := map[string]kubernetesObject{}
	for decoder := yaml.NewDecoder(bytes.NewReader([]byte(text))); ; {
		var next kubernetesObject
		if err := decoder.Decode(&next); errors.Is(err, io.EOF) {
			return objects
		} else if err != nil {
			t.Fatal(err)
		}
		objects[next.Kind] = next
	}
}

var withPostgres = []string{"database.type=postgresql", "database.postgresql.existingSecret=database"}

// TestChart starts the program with the settings and variables of the chart's pods.
func TestChart(t *testing.T) {
	if out, err := helm(t, "lint", "--strict", program.File("deploy/helm")); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	protected := []string{"access.existingSecret=access", "access.ingestKeys=ingest-keys",
		"access.signSecrets=sign-secrets", "settings.retention=90d", "settings.host={a.example.com,127.0.0.1}"}
	all := slices.Concat(protected, withPostgres, []string{"replicaCount=3", "ingress.enabled=true",
		"serviceMonitor.enabled=true", "networkPolicy.enabled=true"})
	for name, test := range map[string]struct {
		set   []string
		query int // status of one without a token
		kinds string
	}{
		"open":   {[]string{"access.open=true"}, 200, "ConfigMap Service ServiceAccount StatefulSet"},
		"SQLite": {protected, 401, "ConfigMap Service ServiceAccount StatefulSet"},
		"PostgreSQL": {all, 401, "ConfigMap Deployment Ingress NetworkPolicy PodDisruptionBudget Service " +
			"ServiceAccount ServiceMonitor"},
	} {
		t.Run(name, func(t *testing.T) {
			objects := renderChart(t, test.set...)
			if kinds := strings.Join(slices.Sorted(maps.Keys(objects)), " "); kinds != test.kinds {
				t.Errorf("the chart has %s, want %s", kinds, test.kinds)
			}
			workload := objects["StatefulSet"]
			if name == "PostgreSQL" {
				workload = objects["Deployment"]
			}
			checkPod(t, workload.Spec.Template.Spec)

			folder := t.TempDir()
			writeSecrets(t, folder)
			t.Setenv("SESSIONGRAPH_ADDR", "0.0.0.0:0")
			for _, variable := range workload.Spec.Template.Spec.Containers[0].Env {
				value := strings.ReplaceAll(variable.Value, secretsFolder+"sessiongraph", folder)
				t.Setenv(variable.Name, strings.ReplaceAll(value, "/etc/sessiongraph", folder))
			}
			t.Setenv("SESSIONGRAPH_DB", filepath.Join(folder, "data.db"))
			write(t, filepath.Join(folder, "sessiongraph.yaml"), objects["ConfigMap"].Data["sessiongraph.yaml"])
			s := program.Serve(t, "serve")
			response, err := http.Get(s.URL + "/query?query={__typename}")
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if response.StatusCode != test.query {
				t.Errorf("a query without a token: %d, want %d", response.StatusCode, test.query)
			}
		})
	}
}

func checkPod(t *testing.T, p pod) {
	t.Helper()
	is := func(value *bool, want bool) bool { return value != nil && *value == want }
	if !is(p.AutomountServiceAccountToken, false) || !is(p.EnableServiceLinks, false) ||
		!p.SecurityContext.RunAsNonRoot || p.SecurityContext.SeccompProfile["type"] != "RuntimeDefault" {
		t.Errorf("the pod has %+v", p)
	}
	container := p.Containers[0]
	if !container.SecurityContext.ReadOnlyRootFilesystem ||
		!is(container.SecurityContext.AllowPrivilegeEscalation, false) ||
		container.LivenessProbe.HTTPGet.Path != "/healthz" || container.ReadinessProbe.HTTPGet.Path != "/readyz" {
		t.Errorf("the container has %+v", container)
	}
}

// TestChartRefuses has values that cannot work.
func TestChartRefuses(t *testing.T) {
	for set, says := range map[string]string{
		"replicaCount=2":           "replicaCount",
		"database.type=postgresql": "existingSecret",
		"database.type=mysql":      "database",
		"settings.db=other":        "settings",
		"setings.retention=90d":    "setings",
	} {
		out, err := helm(t, "template", "release", program.File("deploy/helm"), "--kube-version=1.31.0", "--set", set)
		if err == nil || !strings.Contains(out, says) {
			t.Errorf("%s: %v, %s", set, err, out)
		}
	}
}
