package simulate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

type invented struct {
	Timestamp        int64
	WorkflowName     string `json:"workflow_name"`
	Channel          string
	ChannelID        string `json:"channel_id"`
	Callee           string
	SessionStartTime time.Time `json:"session_start_time"`
	SessionEndTime   time.Time `json:"session_end_time"`
	SessionEndReason string    `json:"session_end_reason"`
	Intention        string
	TalkRound        int                        `json:"talk_round"`
	NerSlots         map[string]json.RawMessage `json:"ner_slots"`
	EventLabel       map[string]json.RawMessage `json:"event_label"`
	Variables        map[string]json.RawMessage
	Messages         []inventedMessage
}

type inventedMessage struct {
	MsgID      string `json:"msg_id"`
	SenderType string `json:"sender_type"`
	Timestamp  *int64
	Status     string
	Content    inventedContent
	Reply      *struct {
		MsgID   string `json:"msg_id"`
		Content inventedContent
	}
}

type inventedContent struct {
	Type        string
	Text        string
	System      struct{ Type string }
	Interactive struct {
		Type   string
		Action json.RawMessage
	}
}

// decode reads the first notifications of seed 1.
func decode(count int) []invented {
	g := New(1)
	all := make([]invented, count)
	for n := range all {
		if err := json.Unmarshal(g.Notification(n), &all[n]); err != nil {
			panic(fmt.Sprintf("notification %d: %v", n, err))
		}
	}
	return all
}

// many is decoded once for all tests that count.
var many = sync.OnceValue(func() []invented { return decode(2500) })

func TestNotificationDependsOnSeedAndNumberAlone(t *testing.T) {
	const count = 200
	forwards, backwards := New(7), New(7)
	want := make([][]byte, count)
	for n := range count {
		want[n] = forwards.Notification(n)
	}
	for n := count - 1; n >= 0; n-- {
		if !bytes.Equal(backwards.Notification(n), want[n]) {
			t.Fatalf("notification %d differs when asked in another order", n)
		}
		if bytes.Equal(New(8).Notification(n), want[n]) {
			t.Fatalf("notification %d is the same for another seed", n)
		}
	}
}

func TestNotificationIsSafeForConcurrentUse(t *testing.T) {
	g := New(7)
	want := g.Notification(3)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for n := range 50 {
				if got := g.Notification(n); n == 3 && !bytes.Equal(got, want) {
					t.Error("notification 3 differs")
				}
			}
		})
	}
	group.Wait()
}

var callIDPattern = regexp.MustCompile(`"call_id":"([0-9a-f]{32})"`)

func TestCallIDsAreUnique(t *testing.T) {
	seen := make(map[string]bool)
	for seed := range uint64(4) {
		g := New(seed)
		for n := range 500 {
			found := callIDPattern.FindSubmatch(g.Notification(n))
			if found == nil || seen[string(found[1])] {
				t.Fatalf("seed %d, notification %d: call_id %q is missing or not new", seed, n, found)
			}
			seen[string(found[1])] = true
		}
	}
}

func TestSessionsLieInTheWindow(t *testing.T) {
	first := defaultUntil.AddDate(0, 0, -windowDays)
	weekend, night := 0, 0
	all := many()
	for n, got := range all {
		start, end := got.SessionStartTime, got.SessionEndTime
		if start.Before(first) || end.Before(start) || end.After(defaultUntil) {
			t.Fatalf("notification %d lasts from %v to %v", n, start, end)
		}
		if got.Timestamp < end.Unix() || got.Timestamp > defaultUntil.Unix() {
			t.Fatalf("notification %d was sent at %d, the session ended at %d", n, got.Timestamp, end.Unix())
		}
		if day := start.Weekday(); day == time.Saturday || day == time.Sunday {
			weekend++
		}
		if start.Hour() >= 16 {
			night++
		}
	}
	if weekend*5 > len(all) {
		t.Errorf("%d of %d sessions are on a weekend: no weekly rhythm", weekend, len(all))
	}
	if night*5 > len(all) {
		t.Errorf("%d of %d sessions are in the night: no daily rhythm", night, len(all))
	}
}

func TestDialoguesHaveEveryKindOfContent(t *testing.T) {
	seen := make(map[string]int)
	for _, got := range many()[:300] {
		for _, m := range got.Messages {
			seen[m.SenderType]++
			seen[m.Status]++
			seen[m.Content.Type+m.Content.System.Type+m.Content.Interactive.Type]++
			if m.Content.Type == "interactive" && m.Content.Text != "" {
				seen["answer"]++
			}
		}
	}
	for _, want := range []string{
		"text", "template", "button", "image", "file", "video", "audio", "location", "contacts",
		"systemconversation.start", "systemconversation.take_over", "systemconversation.close",
		"interactivebutton", "interactivelist", "answer",
		"system", "user", "robot", "agent", "chatbot", "sent", "delivery", "read",
	} {
		if seen[want] == 0 {
			t.Errorf("no %s in 300 sessions", want)
		}
	}
}

func TestOddThingsHappenNowAndThen(t *testing.T) {
	seen := make(map[string]int)
	for _, got := range many() {
		for thing := range oddThings(got) {
			seen[thing]++
		}
	}
	for _, want := range []string{
		"sticker", "reaction", "order", "edited", "revoked", "unsupported", "nfm_reply", "cta_url",
		"location_request_message",
		"failed", "bot", "timeout", "no time", "back in time", "no reply", "long", "backslash", "newline", "slot",
	} {
		if seen[want] == 0 || seen[want] > len(many())*5/100 {
			t.Errorf("%s in %d of %d sessions", want, seen[want], len(many()))
		}
	}
}

func oddThings(got invented) map[string]bool {
	things := map[string]bool{got.SessionEndReason: got.SessionEndReason == "timeout"}
	var before int64
	for _, m := range got.Messages {
		for _, value := range []string{m.Content.Type, m.Content.Interactive.Type, m.Status, m.SenderType} {
			things[value] = true
		}
		things["no reply"] = things["no reply"] || m.Content.Type == "button" && m.Reply == nil
		things["long"] = things["long"] || len(m.Content.Text) > 4000
		things["backslash"] = things["backslash"] || strings.Contains(m.Content.Text, `\`)
		things["newline"] = things["newline"] || strings.Contains(m.Content.Text, "\n")
		if m.Timestamp == nil {
			things["no time"] = true
			continue
		}
		things["back in time"] = things["back in time"] || *m.Timestamp < before
		before = *m.Timestamp
	}
	for _, value := range got.NerSlots {
		things["slot"] = things["slot"] || value[0] != '"'
	}
	for thing, there := range things {
		if !there {
			delete(things, thing)
		}
	}
	return things
}

func TestShares(t *testing.T) {
	all := many()
	counts := map[string]map[string]int{"workflow": {}, "channel": {}, "channel_id": {}, "callee": {},
		"intention": {}, "end reason": {}}
	messages, scoped := 0, 0
	for _, got := range all {
		counts["workflow"][got.WorkflowName]++
		counts["channel"][got.Channel]++
		counts["channel_id"][got.ChannelID]++
		counts["callee"][got.Callee]++
		counts["intention"][got.Intention]++
		counts["end reason"][got.SessionEndReason]++
		messages += len(got.Messages)
		if strings.HasPrefix(got.Callee, "ID.") {
			scoped++
		}
		if size := len(got.Messages); size < 2 || size > 60 {
			t.Errorf("%d messages", size)
		}
	}
	for _, check := range []struct {
		of                string
		values            [2]int
		mostLow, mostHigh float64
	}{
		{"workflow", [2]int{12, 12}, 0.28, 0.40},
		{"channel", [2]int{4, 4}, 0.85, 0.95},
		{"channel_id", [2]int{4, 4}, 0.3, 0.6},
		{"callee", [2]int{1250, 2400}, 0.001, 0.02},
		{"intention", [2]int{8, 12}, 0.2, 0.4},
		{"end reason", [2]int{6, 6}, 0.3, 0.5},
	} {
		most := 0
		for _, count := range counts[check.of] {
			most = max(most, count)
		}
		values, share := len(counts[check.of]), float64(most)/float64(len(all))
		if values < check.values[0] || values > check.values[1] || share < check.mostLow || share > check.mostHigh {
			t.Errorf("%s: %d values, the most frequent in %.3f of the sessions; want %v", check.of,
				values, share, check)
		}
	}
	if mean := float64(messages) / float64(len(all)); mean < 13 || mean > 17 {
		t.Errorf("%.1f messages on average", mean)
	}
	if scoped == 0 || scoped*10 > len(all) {
		t.Errorf("%d scoped user ids", scoped)
	}
}

// Some customers come back within a day, and some leave a robot's question with options unanswered.
func TestCustomersComeBackAndLeave(t *testing.T) {
	ended := map[string]time.Time{}
	back, left := 0, 0
	for _, got := range many() {
		if since := got.SessionStartTime.Sub(ended[got.Callee]); since >= 0 && since <= 24*time.Hour {
			back++
		}
		ended[got.Callee] = got.SessionEndTime
		last := got.Messages[len(got.Messages)-1]
		if last.SenderType == "system" {
			last = got.Messages[len(got.Messages)-2]
		}
		if got.SessionEndReason == "expire" && last.Content.Interactive.Type == "button" {
			left++
		}
	}
	if of := len(many()); back < of*2/100 || back > of*6/100 || left < of*1/100 || left > of*5/100 {
		t.Errorf("of %d customers %d come back, and %d leave a question", of, back, left)
	}
}

func TestReplies(t *testing.T) {
	inside, outside, twins := 0, 0, 0
	for n, got := range many()[:500] {
		held := make(map[string]bool)
		for _, m := range got.Messages {
			held[m.MsgID] = true
			if m.Reply == nil {
				continue
			}
			if held[m.Reply.MsgID] {
				inside++
			} else {
				outside++
			}
			if m.Content.Type != "interactive" {
				continue
			}
			matches := bytes.Count(m.Reply.Content.Interactive.Action, encodeString(t, m.Content.Text))
			if matches == 0 {
				t.Errorf("notification %d: nobody offered %q", n, m.Content.Text)
			}
			if matches > 1 {
				twins++
			}
		}
	}
	if inside == 0 || outside == 0 || twins == 0 {
		t.Errorf("%d replies to messages of the session, %d to others, %d to one of two equal titles",
			inside, outside, twins)
	}
}

func encodeString(t *testing.T, text string) []byte {
	t.Helper()
	encoded, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return append([]byte(`"title":`), encoded...)
}

var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

func TestPlaceholdersAreFilled(t *testing.T) {
	g := New(1)
	for n := range 1000 {
		if body := g.Notification(n); placeholder.Match(body) {
			t.Fatalf("notification %d holds %s: %s", n, placeholder.Find(body), body)
		}
	}
}

func TestLanguagesAreComplete(t *testing.T) {
	numbers := make(map[string]bool)
	for _, l := range languages() {
		for what, count := range map[string]int{
			"names": len(l.names), "cities": len(l.cities), "streets": len(l.streets), "products": len(l.products),
			"inbound": len(l.inbound), "greetings": len(l.greetings), "acks": len(l.acks),
			"farewells": len(l.farewells),
			"thanks":    len(l.thanks), "askPhoto": len(l.askPhoto), "askPlace": len(l.askPlace),
			"askContact": len(l.askContact),
			"handouts":   len(l.handouts), "days": len(l.days), "menu": len(l.menu), "agent": len(l.agent) - 1,
			"toAgent":  len(l.toAgent),
			"subjects": len(l.subjects), "reminder": len(l.reminder), "askTime": len(l.askTime),
			"choose":  len(l.choose),
			"askHelp": len(l.askHelp), "handOver": len(l.handOver), "agentEnd": len(l.agentEnd),
			"optOut": len(l.optOut),
		} {
			if count <= 0 {
				t.Errorf("%s: no %s", l.code, what)
			}
		}
		for n := range contactsPerLanguage {
			phone := l.person(n).phone
			if numbers[phone] {
				t.Fatalf("%s is the number of two contacts", phone)
			}
			numbers[phone] = true
		}
	}
}

func TestShapeIsTheVendors(t *testing.T) {
	const want = `^{"workflow_id":"[0-9a-f]{32}","workflow_name":".*?","nodetask_id":"[0-9a-f]{32}",` +
		`"nodetask_name":"[^"]+",` +
		`"waba_task_id":"[0-9a-f]{32}","wfdetail_uuid":"[0-9a-f]{32}","timestamp":\d{10},"channel":"\w+",` +
		`"channel_id":"\d+",` +
		`"callee":"(\+\d+|ID\.\d+)","call_id":"[0-9a-f]{32}","robot_id":"\d+","status":"closed",` +
		`"session_start_time":"2025-[-\d]+T[:\d]+Z","session_end_time":"2025-[-\d]+T[:\d]+Z",` +
		`"session_end_reason":"[a-z]+",` +
		`"intention":"[^"]+","talk_round":\d+,"ner_slots":{.*?},"event_label":{.*?},"variables":{.*?},` +
		`"messages":\[{.*}\]}$`
	shape := regexp.MustCompile(want)
	start := regexp.MustCompile(`{"msg_id":"\d{19}","sender_type":"system","timestamp":\d{10},"status":"delivery",` +
		`"content":{"type":"system","system":{"type":"conversation.start","from_seat_id":"","to_seat_id":""}}}`)
	info := regexp.MustCompile(`"info":{"id":\d+,"name":"[^"]+","language":"[^"]+"}}}`)
	g := New(1)
	starts, infos := 0, 0
	for n := range 100 {
		body := g.Notification(n)
		if !shape.Match(body) {
			t.Fatalf("notification %d: %s", n, body)
		}
		starts += len(start.FindAll(body, -1))
		infos += len(info.FindAll(body, -1))
	}
	if starts < 90 || infos < 70 {
		t.Errorf("%d starts and %d templates of the vendor's shape in 100 notifications", starts, infos)
	}
}

func BenchmarkNotification(b *testing.B) {
	g := New(1)
	size, messages, n := 0, 0, 0
	for b.Loop() {
		size += len(g.Notification(n))
		n++
	}
	b.StopTimer()
	for _, got := range many() {
		messages += len(got.Messages)
	}
	b.ReportMetric(float64(size)/float64(n), "body-bytes")
	b.ReportMetric(float64(messages)/float64(len(many())), "messages")
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "notifications/s")
}
