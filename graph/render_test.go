package graph_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"sessiongraph/graph"
	"sessiongraph/ingest"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
	"sessiongraph/models/store"
)

// Random operations are answered as gqlgen answers them when it renders all by
// itself: the data byte for byte, and the same errors, also where reads fail, panic
// or miss rows.
//
// RENDER_SEED repeats a run, RENDER_DOCUMENTS says how many operations there are.
func TestRenderDifferential(t *testing.T) {
	tools.SkipUnderRace(t, "one question follows the other")
	seed := environmentNumber(t, "RENDER_SEED", uint64(time.Now().UnixNano()))
	count := environmentNumber(t, "RENDER_DOCUMENTS", 400)
	fmt.Fprintf(os.Stderr, "RENDER_SEED=%d RENDER_DOCUMENTS=%d\n", seed, count)
	r := rand.New(rand.NewPCG(seed, 0))
	database := openDifferential(t, testdb.SQLite)
	for at, body := range deliveries(r, 40, 60) {
		arrival := database.Prepare(ingest.NewDelivery(body, "", time.UnixMicro(1751328000_000000+int64(at))))
		if err := database.Save(t.Context(), []store.PreparedDelivery{arrival}); err != nil {
			t.Fatal(err)
		}
	}

	reader := &faultyReader{Reader: database}
	settings := graph.Settings{MaxPage: 200, MaxComplexity: 1 << 30}
	log := slog.New(slog.DiscardHandler)
	plain := graph.HandlerOf(t.Context(), reader, settings, log, true)
	ours := graph.HandlerOf(t.Context(), reader, settings, log, false)
	d := &documentMaker{Rand: r, schema: loadSchema(t, "../schema.graphqls"), values: argumentValues(t, ours)}
	failed, nulls, bytesOfAnswers := 0, 0, 0
	for n := range count {
		t.Run(strconv.FormatUint(n, 10), func(t *testing.T) {
			document, variables := d.next(t)
			reader.seed, reader.every = r.Uint64(), draw(r, []uint64{0, 0, 3, 8})
			body := encodeJSON(map[string]any{"query": document, "variables": variables})
			want, got := answerOf(t, plain, body), answerOf(t, ours, body)
			again := answerOf(t, ours, body) // by the selections that the first compiled
			bytesOfAnswers += len(want.Data)
			if len(want.Errors) > 0 {
				failed++
			}
			if string(want.Data) == "null" {
				nulls++
			}
			for _, got := range []renderedAnswer{got, again} {
				if !bytes.Equal(got.Data, want.Data) || !slices.Equal(got.Errors, want.Errors) {
					t.Fatalf("%s\n%s\nfaults %d every %d\n got %s\nwant %s\n got %v\nwant %v", document,
						encodeJSON(variables), reader.seed, reader.every,
						got.Data, want.Data, got.Errors, want.Errors)
				}
			}
		})
	}
	t.Logf("%d of %d answers had errors, %d no data; %d bytes", failed, count, nulls, bytesOfAnswers)
	if count >= 100 && (failed < int(count)/10 || bytesOfAnswers < int(count)*200) {
		t.Error("too few errors or too little data: the test tests little")
	}
}

type renderedAnswer struct {
	Data   []byte
	Errors []string
}

func answerOf(t testing.TB, h http.Handler, body []byte) renderedAnswer {
	t.Helper()
	response := post(h, bytes.NewReader(body))
	var answer struct {
		Data   json.RawMessage
		Errors []json.RawMessage
	}
	if err := json.Unmarshal(response.Body.Bytes(), &answer); err != nil || response.Code != http.StatusOK {
		t.Fatalf("%v, status %d: %.1000s\n%s", err, response.Code, response.Body, body)
	}
	rendered := renderedAnswer{Data: answer.Data}
	// Which errors are shown is chance where there are more than are shown.
	if last := len(answer.Errors) - 1; last >= 20 {
		var more struct{ Message string }
		if err := json.Unmarshal(answer.Errors[last], &more); err != nil {
			t.Fatal(err)
		}
		return renderedAnswer{answer.Data, []string{more.Message}}
	}
	for _, err := range answer.Errors {
		rendered.Errors = append(rendered.Errors, string(err))
	}
	slices.SortFunc(rendered.Errors, cmp.Compare[string])
	return rendered
}

// argumentValues are literals for each argument of the schema.
func argumentValues(t *testing.T, h http.Handler) map[string][]string {
	t.Helper()
	body := encodeJSON(map[string]any{"query": `{ sessions(first: 12) { nodes { id callId callee contact { id }
		messages(first: 1) { id } } pageInfo { startCursor endCursor } }
		messages(first: 1) { pageInfo { endCursor } } }`})
	var data struct {
		Sessions struct {
			Nodes []struct {
				ID, CallID, Callee string
				Contact            struct{ ID string }
				Messages           []struct{ ID string }
			}
			PageInfo struct{ StartCursor, EndCursor string }
		}
		Messages struct{ PageInfo struct{ EndCursor string } }
	}
	if err := json.Unmarshal(answerOf(t, h, body).Data, &data); err != nil {
		t.Fatal(err)
	}
	quoted := func(texts ...string) []string {
		var literals []string
		for _, text := range texts {
			literals = append(literals, string(encodeJSON(text)))
		}
		return literals
	}
	values := map[string][]string{
		"hours": {"0", "24", "null", "-1"},
		"first": {"0", "1", "2", "3", "5", "null", "-1"}, "last": {"1", "2", "null"},
		"after": quoted(data.Sessions.PageInfo.StartCursor, data.Sessions.PageInfo.EndCursor,
			data.Messages.PageInfo.EndCursor, "x"),
		"before":   quoted(data.Sessions.PageInfo.EndCursor, data.Messages.PageInfo.EndCursor),
		"names":    {"null", "[]", `["city", "amount", ""]`},
		"name":     {`"city"`, `"amount"`, `"Session"`, `"\""`},
		"nerSlot":  {`"city"`, "null"},
		"timeZone": {`"Asia/Jakarta"`, `"nowhere"`},

		"SessionFilter": {"null", "{}", "{talkRound: {gte: 1}}", `{search: "a"}`,
			"{messages: {senderType: [USER]}}"},
		"MessageFilter":    {"null", "{}", "{senderType: [USER]}", `{search: "a"}`, "{senderType: []}"},
		"SessionOrder":     {"null", "{field: ENDED_AT}", "{field: TALK_ROUND, direction: ASC}"},
		"ContactFilter":    {"null", "{}", "{sessionCount: {gte: 2}}"},
		"ContactOrder":     {"null", "{field: SESSION_COUNT}"},
		"SessionDimension": {"[]", "[WORKFLOW]", "[INTENTION, CHANNEL]", "[END_REASON, STATUS, ROBOT]"},
		"TimeInterval":     {"WEEK", "MONTH", "null"},
	}
	for _, s := range data.Sessions.Nodes {
		values["callId"] = append(values["callId"], quoted(s.CallID, "nobody's")...)
		values["callee"] = append(values["callee"], quoted(s.Callee)...)
		values["id"] = append(values["id"], quoted(s.ID, s.Contact.ID, "nothing")...)
		ids := quoted(s.ID, "nothing", s.Contact.ID)
		for _, m := range s.Messages {
			values["id"] = append(values["id"], quoted(m.ID)...)
			ids = append(ids, quoted(m.ID)...)
		}
		values["ids"] = append(values["ids"], fmt.Sprint("[", ids[0], ids[1], ids[len(ids)-1], "]"), fmt.Sprint(ids))
	}
	return values
}
