package store_test

import (
	"context"
	"fmt"
	"testing"

	"sessiongraph/internal/test/testdb"
	"sessiongraph/models"
	"sessiongraph/models/store"
)

// Search reads the body of a session a few times, however many messages the session has.
func TestLongSessionsAreReadAFewTimes(t *testing.T) {
	const messages, sessions = 10_000, 2
	const most = 50 // times that all the searches together unpack a body
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, unpacked, err := store.OpenCounted(t.Context(), kind.Fresh(t), most)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = database.Close() })
		said := make([]string, messages)
		for i := range said {
			said[i] = "Good evening, all"
		}
		said[17], said[9876] = "the parcel is lost", "a parcel of ours"
		for i := range sessions {
			save(t, database, inOne(note{"call_id": fmt.Sprint("call-", i), "messages": texts(said...)}.body())...)
		}

		for who, ctx := range map[string]context.Context{"clear": t.Context(), "masked": reader(t)} {
			for _, test := range []struct{ of, search, want string }{
				{"session", "parcel", "[17 9876]"}, {"session", "evening", "9998 messages"},
				{"session", "lost evening", "[]"}, {"messages", "ours", "[9876 9876]"},
				{"messages", "good", "20 messages"}, {"messages", "ours good", "[]"},
				{"message count", "a parcel", "4"}, {"message count", "good all", "19996"},
				{"message count", "of good", "0"}, {"sessions", "the lost", "2"},
				{"sessions", "all even", "2"}, {"sessions", "ours lost", "0"},
			} {
				got, err := searched(ctx, database, test.of, test.search)
				if err != nil || got != test.want {
					t.Errorf("%s: %s with %q: %s, want %s, error %v", who, test.of, test.search, got, test.want, err)
				}
			}
		}
		if kind.Name == testdb.SQLite.Name && unpacked.Load() == 0 {
			t.Error("no body is counted")
		}
	})
}

// searched asks for messages, or for how many messages or sessions there are, by a search in messages.
func searched(ctx context.Context, database *store.Store, of, search string) (string, error) {
	filter := &models.MessageFilter{Search: &search}
	list := models.MessageList{Filter: filter}
	var places []int
	switch of {
	case "session":
		found, err := database.SessionsByCallID(ctx, []string{"call-1"})
		if err != nil {
			return "", err
		}
		id := found["call-1"].ID
		messages, err := database.MessagesOf(ctx, []int64{id}, models.TranscriptRange{Filter: filter})
		if err != nil {
			return "", err
		}
		for _, m := range messages[id] {
			places = append(places, m.Position)
		}
	case "messages":
		page, err := database.MessagePage(ctx, list, models.PageSpec[models.MessageListKey]{Limit: 19})
		if err != nil {
			return "", err
		}
		for _, m := range page {
			places = append(places, m.Position)
		}
	case "message count":
		count, err := database.CountMessages(ctx, list)
		return fmt.Sprint(count), err
	case "sessions":
		sessions := models.SessionList{Filters: []*models.SessionFilter{{Messages: filter}}}
		counts, err := database.CountSessions(ctx, sessions, []string{""})
		return fmt.Sprint(counts[""]), err
	}
	if len(places) > 2 {
		return fmt.Sprint(len(places), " messages"), nil
	}
	return fmt.Sprint(places), nil
}
