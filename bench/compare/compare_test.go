package main

import (
	"encoding/json"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// The programs are equal in what they answer, and each report has its rows.
func TestReports(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs both programs")
	}
	binary := filepath.Join(t.TempDir(), "sessiongraph")
	if err := build(t.Context(), binary, "sessiongraph"); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		args []string
		rows []string
	}{
		{"side by side", []string{"--sessions", "1000", "--round", "20ms"}, []string{
			"50 sessions, whole transcripts, every content member",
			"one session with its transcript",
			"50 sessions without messages",
			"storing a notification, 64 connections, committed",
			"bytes on disk for each byte of JSON",
			"peak memory under this load",
		}},
		{"flatness", []string{"--flat", "1000,1100", "--round", "20ms"}, []string{
			"first page", "message by its msgId", "messages with a rare word",
			"group-by by day and intention, all sessions",
			"start to ready", "import", "peak memory",
		}},
		{"sizing", []string{"--sizing", "1000,1100", "--round", "20ms"}, []string{
			"each text with eight more", "all", "messages", "notifications", "1000", "1100",
			"group-by by day and intention, all sessions", "one core, 64", "all cores, 1",
			"50 subscriptions by WebSocket", "event stream",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.name == "sizing" && runtime.GOOS != "linux" {
				t.Skip("reads /proc")
			}
			t.Setenv("TMPDIR", t.TempDir())
			var out strings.Builder
			args := append([]string{"--program", binary, "--rounds", "1"}, test.args...)
			if err := run(t.Context(), args, &out, log.New(t.Output(), "", 0)); err != nil {
				t.Fatal(err)
			}
			for _, row := range test.rows {
				if !strings.Contains(out.String(), "\n| "+row+" | ") {
					t.Errorf("no row %q in\n%s", row, out.String())
				}
			}
			if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
				t.Errorf("left in the temporary folder: %v, %v", left, err)
			}
		})
	}
}

func TestCompareJSON(t *testing.T) {
	for _, test := range []struct{ name, a, b, difference string }{
		{"order of keys and form of numbers", `{"a":1,"b":[1.50,null]}`, `{"b":[1.5,null],"a":1}`, ""},
		{"value", `{"a":{"b":[1,2]}}`, `{"a":{"b":[1,3]}}`, ".a.b[1]: "},
		{"kind", `{"a":{}}`, `{"a":[]}`, ".a: "},
		{"length", `{"a":[1]}`, `{"a":[1,2]}`, ".a: "},
		{"missing key", `{"a":null}`, `{}`, ".a is in one only"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var a, b any
			if err := json.Unmarshal([]byte(test.a), &a); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(test.b), &b); err != nil {
				t.Fatal(err)
			}
			difference := compareJSON("", a, b)
			if !strings.HasPrefix(difference, test.difference) || (test.difference == "") != (difference == "") {
				t.Errorf("got %q, want %q", difference, test.difference)
			}
		})
	}
}

// Of each kind there are as many as asked for, and the longer ones are equally long.
func TestKindsOfTraffic(t *testing.T) {
	var lengths []int
	for _, k := range kinds() {
		count, length := 0, 0
		for body, messages := range k.notifications(filledSeed, 50) {
			if !json.Valid(body) || messages != countMessages(body) || !k.takes(messages) {
				t.Fatalf("%s: %d messages: %s", k.name, messages, body)
			}
			count, length = count+1, length+len(body)
		}
		if count != 50 {
			t.Errorf("%s: %d notifications", k.name, count)
		}
		lengths = append(lengths, length)
	}
	if few, many := lengths[1], lengths[2]; few >= lengths[0] || many <= lengths[0] {
		t.Errorf("lengths by number of messages: %d", lengths)
	}
	if texts, random := lengths[3], lengths[4]; texts <= lengths[0]*5/4 || random < texts*99/100 || random > texts {
		t.Errorf("lengths of longer texts: %d", lengths)
	}
}

func TestSeries(t *testing.T) {
	if got := (series{3, 1, 2}).median(); got != 2 {
		t.Errorf("median of three: %v", got)
	}
	if got := (series{4, 1, 2, 3}).median(); got != 2.5 {
		t.Errorf("median of four: %v", got)
	}
	if got := spread(series{2, 6}.ratios(series{4, 3}), "%.2f"); got != "1.25 (0.50 to 2.00)" {
		t.Errorf("spread of ratios: %s", got)
	}
}

// A settings error ends the run before anything is built or stored.
func TestInvalidSettings(t *testing.T) {
	for _, args := range [][]string{
		{"--sessions", "10"}, {"--rounds", "0"}, {"--round", "soon"},
		{"--flat", "1000"}, {"--flat", "2000,1000"}, {"--flat", "a,b"},
		{"--sizing", "1000"},
	} {
		args = append([]string{"--program", "none"}, args...)
		if err := run(t.Context(), args, t.Output(), log.New(t.Output(), "", 0)); err == nil {
			t.Errorf("%v is accepted", args)
		}
	}
}
