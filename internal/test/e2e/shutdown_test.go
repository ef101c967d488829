package e2e

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"sessiongraph/internal/test/expected"
	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/tools"
)

func TestStopLeavesNothingBehind(t *testing.T) {
	tools.NoGoroutineLeft(t)
	s := startServer(t, newDB(t))
	mustPost(t, s, simulated(3)...)
	s.Query(t, "{ sessions { totalCount } }", nil)
	if code := s.Stop(); code != 0 {
		t.Errorf("exit code %d; log:\n%s", code, s.Log.String())
	}
	if !strings.Contains(s.Log.String(), "msg=stopped") {
		t.Errorf("the log does not tell the end:\n%s", s.Log.String())
	}
	if _, err := http.Get(s.URL + "/healthz"); err == nil {
		t.Error("it still answers")
	}
}

// A notification whose request was begun before SIGTERM is stored and answered.
func TestSIGTERMDrains(t *testing.T) {
	db := newDB(t)
	command := exec.Command(program.Binary(t))
	command.Env = append(os.Environ(), "SESSIONGRAPH_ADDR=127.0.0.1:0", "SESSIONGRAPH_DB="+db)
	process := program.Await(t, program.Begin(t, command))
	host := process.Host()

	connection, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	body := readFile(t, program.Example)
	half := len(body) / 2
	// With Expect, the server says when it has begun to read the body.
	_, _ = fmt.Fprintf(connection, "POST /ingest HTTP/1.1\r\nHost: %s\r\nContent-Type: "+
		"application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", host, len(body))
	answer := bufio.NewReader(connection)
	if line, err := answer.ReadString('\n'); err != nil || !strings.Contains(line, "100") {
		t.Fatalf("%q, %v", line, err)
	}
	_, _ = answer.ReadString('\n')
	_, _ = connection.Write(body[:half])
	if err := process.Command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	process.Log.Await(t, regexp.MustCompile("msg=stopping"))
	tools.Eventually(t, func() string {
		other, err := net.Dial("tcp", host)
		if err != nil {
			return ""
		}
		_ = other.Close()
		return "it still takes connections"
	})
	_, _ = connection.Write(body[half:])
	response, err := http.ReadResponse(answer, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("status %d", response.StatusCode)
	}
	if err := process.AwaitEnd(20 * time.Second); err != nil {
		t.Error(err)
	}
	compareAll(t, expected.Sessions([][]byte{body}), readAll(t, startServer(t, db)))
}
