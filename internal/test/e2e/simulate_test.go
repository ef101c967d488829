package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"sessiongraph/internal/test/expected"
	"sessiongraph/internal/test/program"
)

func TestSimulate(t *testing.T) {
	until := []string{"simulate", "--count=50", "--until=2025-06-30T00:00:00Z", "--seed"}
	first := program.Run(t, "", append(until, "2026")...)
	want := string(bytes.Join(simulated(50), []byte("\n"))) + "\n"
	if first.Code != 0 || first.Err != "" || first.Out != want {
		t.Errorf("exit code %d, standard error %q, %d bytes where %d were expected", first.Code, first.Err,
			len(first.Out), len(want))
	}
	if again := program.Run(t, "", append(until, "2026")...); again != first {
		t.Error("the same seed invents others")
	}
	if other := program.Run(t, "", append(until, "2027")...); other.Out == first.Out {
		t.Error("another seed invents the same")
	}
}

// By default there is something to see in the last days, whenever that is.
func TestSimulateUntilNow(t *testing.T) {
	byDefault := program.Run(t, "", "simulate")
	lines := strings.Split(strings.TrimSpace(byDefault.Out), "\n")
	if len(lines) != 100 {
		t.Fatalf("%d notifications by default", len(lines))
	}
	recent := 0
	for _, line := range lines {
		var session struct {
			Ended time.Time `json:"session_end_time"`
		}
		if err := json.Unmarshal([]byte(line), &session); err != nil {
			t.Fatal(err)
		}
		age := time.Since(session.Ended)
		if age < 0 || age > 91*24*time.Hour {
			t.Errorf("ended at %v", session.Ended)
		}
		if age < 7*24*time.Hour {
			recent++
		}
	}
	if recent == 0 {
		t.Error("none of the last week")
	}
}

// What is signed is taken by a server that enforces signatures, with the scheme that
// both are told.
func TestSimulateSigns(t *testing.T) {
	for _, scheme := range []string{"hmac-sha256-hex", "sha1-body+secret-timestamp-base64"} {
		t.Run(scheme, func(t *testing.T) {
			s := startServer(t, newDB(t), "--sign-secret=new,old", "--sign-scheme", scheme)
			to := []string{"simulate", "--count=5", "--to", s.URL + "/ingest", "--sign-scheme", scheme}
			ended := program.Run(t, "", append(to, "--sign-secret=old")...)
			if ended.Code != 0 || ended.Out != "5 notifications posted\n" {
				t.Errorf("%+v", ended)
			}
			if ended := program.Run(t, "", append(to, "--sign-secret=wrong")...); ended.Code != 1 ||
				!strings.Contains(ended.Err, "401") {
				t.Errorf("%+v", ended)
			}
			if ended := program.Run(t, "", to...); ended.Code != 1 || !strings.Contains(ended.Err, "401") {
				t.Errorf("%+v", ended)
			}
			signed := program.Run(t, "", "sign", "--sign-secret=new", "--sign-scheme", scheme, program.Example)
			request, err := http.NewRequest("POST", s.URL+"/ingest", bytes.NewReader(readFile(t, program.Example)))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("X-AIRudder-Sign", strings.TrimSpace(signed.Out))
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if response.StatusCode != http.StatusOK {
				t.Errorf("%+v: answered %s", signed, response.Status)
			}
			piped := program.Run(t, string(readFile(t, program.Example)), "sign", "--sign-secret=new",
				"--sign-scheme", scheme, "-")
			if piped != signed {
				t.Errorf("%+v by standard input, %+v by name", piped, signed)
			}
		})
	}
}

func TestSimulateTo(t *testing.T) {
	s := startServer(t, newDB(t))
	ended := program.Run(t, "", "simulate", "--count=50", "--seed=2026", "--until=2025-06-30T00:00:00Z",
		"--to", s.URL+"/ingest")
	if ended.Code != 0 || ended.Out != "50 notifications posted\n" || ended.Err != "" {
		t.Errorf("%+v", ended)
	}
	compareAll(t, expected.Sessions(simulated(50)), readAll(t, s))
	wrong := program.Run(t, "", "simulate", "--count=50", "--to", s.URL+"/nothing")
	if wrong.Code == 0 || strings.Count(wrong.Err, "\n") != 1 {
		t.Errorf("%+v", wrong)
	}
}
