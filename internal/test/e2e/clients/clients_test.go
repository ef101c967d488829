// Package clients_test subscribes to a real server, with the libraries that apps
// use and with clients that misbehave.
package clients_test

import (
	"bufio"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sessiongraph/internal/simulate"
	"sessiongraph/internal/test/tools"
)

var kinds = []string{"ws", "sse"}

var installing sync.Mutex

// needNPM sees to it that the libraries are there.
func needNPM(t *testing.T) {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			tools.Missing(t, "NOT TESTED: clients in JavaScript; install Node.js 20 with npm")
		}
	}
	installing.Lock()
	defer installing.Unlock()
	if _, err := os.Stat("node_modules/vite-plugin-relay"); err == nil {
		return
	}
	if out, err := exec.Command("npm", "ci", "--no-audit", "--no-fund").CombinedOutput(); err != nil {
		tools.Missing(t, "NOT TESTED: clients in JavaScript; npm ci failed:\n"+string(out))
	}
}

// seen is a line that subscribe.mjs prints.
type seen struct {
	Cursor, CallID string
	Errors         []struct {
		Message    string
		Extensions map[string]any
	}
}

// app is subscribe.mjs while it runs.
type app struct {
	process *exec.Cmd
	lines   chan seen // closed when it has ended
}

func startApp(t *testing.T, url, kind, after string) *app {
	t.Helper()
	a := &app{process: exec.Command("node", "subscribe.mjs", url, kind), lines: make(chan seen)}
	if after != "" {
		a.process.Args = append(a.process.Args, after)
	}
	complaints := new(tools.Log)
	a.process.Stderr = complaints
	out, err := a.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := a.process.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(a.lines)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var line seen
			if json.Unmarshal(lines.Bytes(), &line) == nil { // one that is cut off was not seen
				a.lines <- line
			}
		}
		_ = a.process.Wait()
		if said := complaints.String(); said != "" {
			t.Logf("subscribe.mjs wrote: %s", said)
		}
	}()
	return a
}

// kill ends the app, and gives what it had printed.
func (a *app) kill(take func(seen)) {
	_ = a.process.Process.Kill()
	for line := range a.lines {
		take(line)
	}
}

// An app sees every session that is stored while it, its connection and the server
// come and go.
func TestAppsMissNothing(t *testing.T) {
	needNPM(t)
	for _, test := range []struct {
		kind string
		stop os.Signal
	}{{"ws", syscall.SIGTERM}, {"ws", syscall.SIGKILL}, {"sse", syscall.SIGTERM}, {"sse", syscall.SIGKILL}} {
		t.Run(test.kind+" "+test.stop.String(), func(t *testing.T) {
			t.Parallel()
			missNothing(t, test.kind, test.stop)
		})
	}
}

func missNothing(t *testing.T, kind string, stop os.Signal) {
	const sessions = 1000
	server := startServer(t)
	relay := startRelay(t, server)
	missing := map[string]bool{}
	notifications := simulate.New(7)
	for i := range sessions {
		missing[callID(t, notifications.Notification(i))] = true
	}
	again := 0
	last := ""
	seenBefore := map[string]bool{}
	take := func(line seen) {
		if line.Errors != nil {
			t.Fatalf("the app was refused: %v", line.Errors)
		}
		last = line.Cursor
		delete(missing, line.CallID)
		if seenBefore[line.CallID] {
			again++
		}
		seenBefore[line.CallID] = true
	}

	client := startApp(t, relay.query(), kind, "")
	defer func() { client.kill(func(seen) {}) }()
	greet(t, server, client, take)
	var posting sync.WaitGroup
	defer posting.Wait()
	numbers := make(chan int)
	for range 4 {
		posting.Go(func() {
			for i := range numbers {
				server.post(notifications.Notification(i))
			}
		})
	}
	go func() {
		defer close(numbers)
		for i := range sessions {
			time.Sleep(4 * time.Millisecond)
			numbers <- i
		}
	}()

	random := func() int { return rand.IntN(100) }
	disturbances := []struct {
		at int // so many sessions are missing
		do func()
	}{
		{900 - random(), relay.cut},
		{750 - random(), func() {
			client.kill(take)
			client = startApp(t, relay.query(), kind, last)
		}},
		{550 - random(), func() { server.restart(stop) }},
		{350 - random(), relay.cut},
		{200 - random(), func() {
			client.kill(take)
			client = startApp(t, relay.query(), kind, last)
		}},
	}
	patience := time.NewTimer(60 * time.Second)
	for len(missing) > 0 {
		if len(disturbances) > 0 && len(missing) <= disturbances[0].at {
			disturbances[0].do()
			disturbances = disturbances[1:]
			continue
		}
		select {
		case line, alive := <-client.lines:
			if alive {
				take(line)
				continue
			}
			t.Log("the app gave up, and is started again")
			client = startApp(t, relay.query(), kind, last)
		case <-patience.C:
			t.Fatalf("%d of %d sessions were never seen", len(missing), sessions)
		}
	}
	if len(disturbances) > 0 {
		t.Errorf("%d disturbances did not come to pass", len(disturbances))
	}
	// What was under way when a connection broke may come twice, nothing older.
	if again > 100 {
		t.Errorf("%d sessions were sent again", again)
	}
	t.Logf("%d sessions were sent again", again)
}

// greet stores sessions until the app, which was started without a cursor, sees one.
func greet(t *testing.T, server *server, client *app, take func(seen)) {
	t.Helper()
	greetings := simulate.New(8)
	for i := range 200 {
		server.post(greetings.Notification(i))
		select {
		case line, alive := <-client.lines:
			if !alive {
				t.Fatal("the app has ended")
			}
			take(line)
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
	t.Fatal("the app sees nothing")
}

func TestAppsLearnThatACursorIsNone(t *testing.T) {
	needNPM(t)
	t.Parallel()
	server := startServer(t)
	for _, kind := range kinds {
		line, alive := <-startApp(t, server.query(), kind, "garbage").lines
		if !alive || len(line.Errors) != 1 || line.Errors[0].Extensions["code"] != "BAD_USER_INPUT" {
			t.Errorf("%s: %+v", kind, line)
		}
	}
}

func callID(t *testing.T, notification []byte) string {
	t.Helper()
	var fields struct {
		CallID string `json:"call_id"`
	}
	if err := json.Unmarshal(notification, &fields); err != nil || strings.TrimSpace(fields.CallID) == "" {
		t.Fatalf("no call_id in %.200s", notification)
	}
	return fields.CallID
}
