package assistants_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sessiongraph/internal/test/expected"
	"sessiongraph/internal/test/testdb"
)

// conversation is a session as the notification itself tells it.
type conversation struct {
	CallID, Callee, Channel, WorkflowID, EndReason string
	Intention                                      struct{ Label string }
	StartedAt                                      time.Time
	MessageCount                                   int
	Engaged, Abandoned                             bool
	Handover                                       *struct{ WaitSeconds *int }
	NERSlots                                       []slot
	Messages                                       []struct {
		Position         int
		SenderType, Text string
	}
}

type slot struct{ Name, Value string }

type conversations []conversation

func readConversations(t *testing.T, bodies []string) (all conversations) {
	t.Helper()
	var sent [][]byte
	for _, body := range bodies {
		sent = append(sent, []byte(body))
	}
	for _, session := range expected.Sessions(sent) {
		encoded, err := json.Marshal(session)
		if err != nil {
			t.Fatal(err)
		}
		var one conversation
		if err := json.Unmarshal(encoded, &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b conversation) int { return b.StartedAt.Compare(a.StartedAt) })
	return all
}

func (all conversations) where(holds func(conversation) bool) (found conversations) {
	for _, one := range all {
		if holds(one) {
			found = append(found, one)
		}
	}
	return found
}

func (all conversations) count(holds func(conversation) bool) int { return len(all.where(holds)) }

// rows are those of groups, each with its key first.
func (all conversations) rows(key func(conversation) any, measures func(conversations) []any) (rows []string) {
	groups := map[string]conversations{}
	for _, one := range all {
		groups[row(key(one))] = append(groups[row(key(one))], one)
	}
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		rows = append(rows, key+" "+row(measures(groups[key])...))
	}
	return rows
}

func different(all conversations, of func(conversation) string) int {
	found := map[string]bool{}
	for _, one := range all {
		found[of(one)] = true
	}
	return len(found)
}

func day(c conversation) any { return c.StartedAt.Truncate(24 * time.Hour) }

func intention(c conversation) any { return c.Intention.Label }

func callID(c conversation) any { return c.CallID }

func isEngaged(c conversation) bool { return c.Engaged }

func isHandedOver(c conversation) bool { return c.Handover != nil }

func sessionCount(all conversations) []any { return []any{len(all)} }

func median(seconds []int) any {
	if len(seconds) == 0 {
		return nil
	}
	slices.Sort(seconds)
	return float64(seconds[(len(seconds)-1)/2]+seconds[len(seconds)/2]) / 2
}

// row is values in the form in which they are compared.
func row(values ...any) string {
	parts := make([]string, len(values))
	for i, value := range values {
		switch value := value.(type) {
		case nil:
			parts[i] = "null"
		case time.Time:
			parts[i] = value.Format(time.RFC3339Nano)
		case int:
			parts[i] = strconv.Itoa(value)
		case float64:
			parts[i] = strconv.FormatFloat(value, 'g', 9, 64)
		default:
			parts[i] = fmt.Sprint(value)
		}
	}
	return strings.Join(parts, " ")
}

// at is what stands under a path of an answer.
func at(value any, path string) any {
	for key := range strings.SplitSeq(path, ".") {
		switch parent := value.(type) {
		case map[string]any:
			value = parent[key]
		case []any:
			position, err := strconv.Atoi(key)
			if err != nil || position >= len(parent) {
				return nil
			}
			value = parent[position]
		default:
			return nil
		}
	}
	return value
}

// An assistant that asks by the tools is told what the notifications say, as a second reader of them finds it.
func TestQuestionsAreAnsweredFromTheNotifications(t *testing.T) {
	sent := simulated(200)
	all := readConversations(t, sent)
	middle := all[len(all)/2]
	customer, most := "", 0
	for _, one := range all {
		if n := all.count(func(c conversation) bool { return c.Callee == one.Callee }); n > most {
			customer, most = one.Callee, n
		}
	}
	understood := map[slot]int{}
	for _, one := range all {
		for _, found := range one.NERSlots {
			understood[found]++
		}
	}
	frequent := slot{}
	for found, times := range understood {
		if times > understood[frequent] {
			frequent = found
		}
	}
	const words = "stop"

	questions := []struct {
		asks, tool string
		arguments  map[string]any
		path       string // of the rows
		columns    []string
		want       []string
	}{
		{
			"How many conversations were there each day, and with how many customers?", "SessionsByDay", nil,
			"data.sessionStats", []string{"bucket", "sessionCount", "engagedCount", "contactCount", "messageCount"},
			all.rows(day, func(group conversations) []any {
				messages := 0
				for _, one := range group {
					messages += one.MessageCount
				}
				return []any{len(group), group.count(isEngaged),
					different(group, func(c conversation) string { return c.Callee }), messages}
			}),
		},
		{
			"What did customers want, day by day?", "SessionsByDayAndIntention", nil,
			"data.sessionStats", []string{"bucket", "intention", "sessionCount"},
			all.rows(func(c conversation) any { return row(day(c), c.Intention.Label) }, sessionCount),
		},
		{
			"What did they want most in the later half?", "IntentionsRanked",
			map[string]any{"from": middle.StartedAt.Format(time.RFC3339Nano)},
			"data.intentions", []string{"label", "sessionCount", "share"},
			func() []string {
				later := all.where(func(c conversation) bool { return !c.StartedAt.Before(middle.StartedAt) })
				return later.rows(intention, func(group conversations) []any {
					return []any{len(group), float64(len(group)) / float64(len(later))}
				})
			}(),
		},
		{
			"How long did customers wait for a person?", "HandoversByDay", nil,
			"data.sessionStats", []string{"bucket", "sessionCount", "handoverCount", "medianWaitSeconds"},
			all.rows(day, func(group conversations) []any {
				var waits []int
				for _, one := range group.where(isHandedOver) {
					if one.Handover.WaitSeconds != nil {
						waits = append(waits, *one.Handover.WaitSeconds)
					}
				}
				return []any{len(group), group.count(isHandedOver), median(waits)}
			}),
		},
		{
			"Why did the conversations of this campaign end?", "EndReasons",
			map[string]any{"workflowId": middle.WorkflowID},
			"data.sessionStats", []string{"endReason", "sessionCount"},
			all.where(func(c conversation) bool { return c.WorkflowID == middle.WorkflowID }).
				rows(func(c conversation) any { return c.EndReason }, sessionCount),
		},
		{
			"On which channel do robots manage alone?", "ChannelsCompared", nil,
			"data.sessionStats",
			[]string{"channel", "sessionCount", "engagedCount", "deflectionRate", "abandonedCount"},
			all.rows(func(c conversation) any { return c.Channel }, func(group conversations) []any {
				engaged := group.where(isEngaged)
				deflected := len(engaged) - engaged.count(isHandedOver)
				return []any{len(group), len(engaged), float64(deflected) / float64(max(len(engaged), 1)),
					group.count(func(c conversation) bool { return c.Abandoned })}
			}),
		},
		{
			"What has this customer talked about?", "CustomerHistory", map[string]any{"callee": customer},
			"data.contacts.nodes.0.sessions.nodes", []string{"callId", "startedAt", "intention.label", "messageCount"},
			all.where(func(c conversation) bool { return c.Callee == customer }).
				rows(callID, func(group conversations) []any {
					return []any{group[0].StartedAt, group[0].Intention.Label, group[0].MessageCount}
				}),
		},
		{
			"What does the robot understand?", "SlotCoverage", nil,
			"data.nerSlots", []string{"name", "sessionCount", "distinctValues"},
			func() (rows []string) {
				sessions, values := map[string]map[string]bool{}, map[string]map[string]bool{}
				for _, one := range all {
					for _, found := range one.NERSlots {
						if sessions[found.Name] == nil {
							sessions[found.Name], values[found.Name] = map[string]bool{}, map[string]bool{}
						}
						sessions[found.Name][one.CallID], values[found.Name][found.Value] = true, true
					}
				}
				for name := range sessions {
					rows = append(rows, row(name, len(sessions[name]), len(values[name])))
				}
				return rows
			}(),
		},
		{
			"In which conversations did it understand this?", "SessionsWithSlotValue",
			map[string]any{"slot": frequent.Name, "value": frequent.Value},
			"data.sessions.nodes", []string{"callId", "nerSlot.value"},
			all.where(func(c conversation) bool { return slices.Contains(c.NERSlots, frequent) }).
				rows(callID, func(conversations) []any {
					return []any{frequent.Value}
				}),
		},
		{
			"Who left the robot waiting?", "AbandonedSessions", map[string]any{"first": len(all)},
			"data.sessions.nodes", []string{"callId", "engaged", "endReason"},
			all.where(func(c conversation) bool { return c.Abandoned }).
				rows(callID, func(group conversations) []any {
					return []any{group[0].Engaged, group[0].EndReason}
				}),
		},
		{
			"What was said in this conversation?", "ConversationByCallId", map[string]any{"callId": middle.CallID},
			"data.sessions.nodes.0.messages", []string{"position", "senderType", "content.text"},
			func() (rows []string) {
				for _, message := range middle.Messages {
					rows = append(rows, row(message.Position, message.SenderType, message.Text))
				}
				return rows
			}(),
		},
		{
			"In which conversations did somebody say stop?", "search_conversations", map[string]any{"words": words},
			"conversations", []string{"callId", "messageCount"},
			all.where(func(c conversation) bool {
				for _, message := range c.Messages {
					if strings.Contains(strings.ToLower(message.Text), words) {
						return true
					}
				}
				return false
			}).rows(callID, func(group conversations) []any {
				return []any{group[0].MessageCount}
			}),
		},
	}

	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		s := start(t, kind.Fresh(t), sent[served:]...)
		session, _ := connect(t, s, tokenOfPII)
		for _, question := range questions {
			arguments, got := maps.Clone(question.arguments), []string(nil)
			if arguments == nil {
				arguments = map[string]any{}
			}
			for {
				text, cursor, failed := called(t, session, question.tool, arguments)
				var answer any
				if err := json.Unmarshal([]byte(text), &answer); failed || err != nil {
					t.Fatalf("%s: error %v: %s", question.asks, err, text)
				}
				listed, _ := at(answer, question.path).([]any)
				for _, one := range listed {
					var values []any
					for _, column := range question.columns {
						values = append(values, at(one, column))
					}
					got = append(got, row(values...))
				}
				if cursor == "" {
					break
				}
				arguments["cursor"] = cursor
			}
			slices.Sort(got)
			want := slices.Sorted(slices.Values(question.want))
			if !slices.Equal(got, want) || len(want) < 2 {
				t.Errorf("%s\ngot  %q\nwant %q", question.asks, got, want)
			}
		}
	})
}
