package e2e

import (
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"sessiongraph/internal/test/program"
)

// deployed is the environment of a server that deploy/ or docs/install.md describes.
type deployed map[string]string

// secretsFolder is where containers have their secrets.
const secretsFolder = "/run/secrets/"

// TestDeployedServers starts the program with what the image, the documented docker run and compose say. Queries then
// need a token, and notifications what each asks for.
func TestDeployedServers(t *testing.T) {
	image := imageEnvironment(t, "deploy/Dockerfile")
	if release := imageEnvironment(t, "deploy/Dockerfile.release"); !maps.Equal(image, release) {
		t.Errorf("the image of a release has %v, that of a checkout %v", release, image)
	}
	open, served := documentedRuns(t)
	for name, test := range map[string]struct {
		settings      deployed
		token, ingest int // statuses without a token, and of an unsigned notification without a key
	}{
		"docker run, open": {open, 200, 200},
		"docker run":       {served, 401, 401},
		"compose, first":   {composeEnvironment(t, "first"), 401, 401},
		"compose, second":  {composeEnvironment(t, "second"), 401, 401},
	} {
		t.Run(name, func(t *testing.T) {
			for variable, value := range image {
				t.Setenv(variable, value)
			}
			folder := t.TempDir()
			for variable, value := range test.settings {
				t.Setenv(variable, strings.ReplaceAll(value, secretsFolder, folder+"/"))
			}
			writeSecrets(t, folder)
			t.Setenv("SESSIONGRAPH_ADDR", "0.0.0.0:0") // the port aside, as the image has it
			t.Chdir(folder)

			s := program.Serve(t, "serve")
			response, err := http.Get(s.URL + "/query?query={__typename}")
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if response.StatusCode != test.token {
				t.Errorf("a query without a token: %d, want %d", response.StatusCode, test.token)
			}
			if status := post(t, s, readFile(t, program.Example)); status != test.ingest {
				t.Errorf("a notification: %d, want %d", status, test.ingest)
			}
			if strings.Contains(s.Log.String(), "unknown environment variable") {
				t.Error(s.Log.String())
			}
		})
	}
	if image["SESSIONGRAPH_ADDR"] != "0.0.0.0:8080" {
		t.Errorf("the image has %v", image)
	}
	for _, dockerfile := range []string{"deploy/Dockerfile", "deploy/Dockerfile.release"} {
		if !strings.Contains(string(readFile(t, program.File(dockerfile))), "\nWORKDIR /data\n") {
			t.Errorf("%s: the database is not in /data", dockerfile)
		}
	}
}

// TestPackagedSettings starts the program with the settings of the package: nobody may query yet.
func TestPackagedSettings(t *testing.T) {
	folder := t.TempDir()
	settings := string(readFile(t, program.File("deploy/package/sessiongraph.yaml")))
	for there, here := range map[string]string{"/var/lib/sessiongraph": folder, "/etc/sessiongraph": folder,
		"127.0.0.1:8080": "127.0.0.1:0"} {
		if !strings.Contains(settings, there) {
			t.Errorf("the package's settings have no %s", there)
		}
		settings = strings.ReplaceAll(settings, there, here)
	}
	write(t, filepath.Join(folder, "tokens"), "# none yet\n")
	for name, file := range map[string]string{
		"as installed": settings,
		"all of them":  regexp.MustCompile(`(?m)^#(\w[a-z-]+: )`).ReplaceAllString(settings, "$1"),
	} {
		write(t, filepath.Join(folder, "sessiongraph.yaml"), file)
		s := program.Serve(t, "serve", "--config", filepath.Join(folder, "sessiongraph.yaml"))
		response, err := http.Get(s.URL + "/query?query={__typename}")
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: a query without a token: %d", name, response.StatusCode)
		}
		s.Stop()
	}
}

// TestReleasedFiles finds the files that a release takes from the checkout. GoReleaser itself checks the rest.
func TestReleasedFiles(t *testing.T) {
	var release struct {
		NFPMs []struct {
			Contents []struct{ Src, Dst string }
			Scripts  map[string]string
		}
		Docker []struct{ Dockerfile string } `yaml:"dockers_v2"`
	}
	if err := yaml.Unmarshal(readFile(t, program.File(".goreleaser.yaml")), &release); err != nil {
		t.Fatal(err)
	}
	files, installed := []string{release.Docker[0].Dockerfile}, ""
	for _, content := range release.NFPMs[0].Contents {
		files = append(files, content.Src)
		installed += content.Dst + "\n"
	}
	for _, script := range release.NFPMs[0].Scripts {
		files = append(files, script)
		if out, err := exec.Command("sh", "-n", program.File(script)).CombinedOutput(); err != nil {
			t.Errorf("%s: %s", script, out)
		}
	}
	if len(files) < 10 {
		t.Errorf("a release has %q: the test tests little", files)
	}
	for _, file := range files {
		if !exists(program.File(file)) {
			t.Errorf("there is no %s", file)
		}
	}
	page := string(readFile(t, program.File("docs/install.md")))
	for _, path := range regexp.MustCompile(`/usr/share/sessiongraph/[\w.]+`).FindAllString(page, -1) {
		if !strings.Contains(installed, path+"\n") {
			t.Errorf("docs/install.md names %s, which the package does not have", path)
		}
	}
}

// TestUnits has systemd read the units of the package.
func TestUnits(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd is not installed: the units are not verified")
	}
	folder := t.TempDir()
	args := []string{"verify", "--man=no"}
	for _, unit := range []string{"sessiongraph.service", "package/sessiongraph-backup.service",
		"package/sessiongraph-backup.timer"} {
		text := string(readFile(t, program.File("deploy/"+unit)))
		text = strings.ReplaceAll(text, "/usr/bin/sessiongraph", "/bin/true")
		args = append(args, filepath.Join(folder, filepath.Base(unit)))
		write(t, args[len(args)-1], text)
	}
	if out, err := exec.Command("systemd-analyze", args...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}

// imageEnvironment returns what a Dockerfile sets.
func imageEnvironment(t *testing.T, dockerfile string) deployed {
	t.Helper()
	line := regexp.MustCompile(`(?m)^ENV (.*)$`).FindStringSubmatch(string(readFile(t, program.File(dockerfile))))
	if line == nil {
		t.Fatalf("%s sets nothing", dockerfile)
	}
	return assignments(line[1])
}

// documentedRuns returns what the two servers of docs/install.md are given by docker run.
func documentedRuns(t *testing.T) (open, served deployed) {
	t.Helper()
	text := strings.ReplaceAll(string(readFile(t, program.File("docs/install.md"))), "\\\n", " ")
	var found []deployed
	for _, line := range regexp.MustCompile(`(?m)^docker run .*$`).FindAllString(text, -1) {
		if given := assignments(line); len(given) > 0 { // not a command such as token
			found = append(found, given)
		}
	}
	if len(found) != 2 {
		t.Fatalf("docs/install.md starts %d servers by docker run, want 2", len(found))
	}
	return found[0], found[1]
}

func assignments(line string) deployed {
	found := deployed{}
	for _, set := range regexp.MustCompile(`(SESSIONGRAPH_\w+)=(\S+)`).FindAllStringSubmatch(line, -1) {
		found[set[1]] = set[2]
	}
	return found
}

// composeEnvironment returns what a service of deploy/compose.yaml is given, whose secrets are there.
func composeEnvironment(t *testing.T, service string) deployed {
	t.Helper()
	var compose struct {
		Services map[string]struct {
			Environment deployed
			Secrets     []string
			ReadOnly    bool `yaml:"read_only"`
		}
		Secrets map[string]struct{ File string }
	}
	if err := yaml.Unmarshal(readFile(t, program.File("deploy/compose.yaml")), &compose); err != nil {
		t.Fatal(err)
	}
	given := compose.Services[service]
	if len(given.Environment) == 0 || !given.ReadOnly {
		t.Fatalf("compose has no service %s with a read-only root: %+v", service, given)
	}
	mounted := map[string]bool{}
	for _, secret := range given.Secrets {
		mounted[secret] = compose.Secrets[secret].File == "secrets/"+secret
	}
	for variable, value := range given.Environment {
		if secret, found := strings.CutPrefix(value, secretsFolder); found && !mounted[secret] {
			t.Errorf("%s: %s names a secret that the service does not have", service, variable)
		}
	}
	return given.Environment
}

// writeSecrets writes the files that docs/install.md has made.
func writeSecrets(t *testing.T, folder string) {
	t.Helper()
	token := program.Run(t, "", "token", "--scope", "pii", "--name", "me")
	lines := strings.Split(strings.TrimSpace(token.Out), "\n")
	for name, content := range map[string]string{
		"tokens":       lines[len(lines)-1],
		"ingest-keys":  "0123456789abcdef0123456789abcdef",
		"sign-secrets": "secret",
		"database-url": filepath.Join(folder, "data.db"), // a PostgreSQL server is not what is tested here
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
