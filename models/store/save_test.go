package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sessiongraph/ingest"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/models"
	"sessiongraph/models/store"
	"sessiongraph/models/store/dialect"
)

func TestSameBodyTwiceIsOneMoreDelivery(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		for name, batches := range map[string][][][]byte{
			"one by one": oneByOne(note{}.body(), note{}.body()),
			"in one":     inOne(note{}.body(), note{}.body()),
		} {
			t.Run(name, func(t *testing.T) {
				database, db := openStore(t, kind)
				save(t, database, batches...)
				s := session(t, database, "call-1")
				if s.Version != 1 || s.Deliveries != 2 {
					t.Errorf("version %d of %d deliveries, want version 1 of 2", s.Version, s.Deliveries)
				}
				if want := epoch.Add(time.Second); !s.ReceivedAt.Equal(want) {
					t.Errorf("received at %v, want its first arrival, %v", s.ReceivedAt, want)
				}
				want := []string{fmt.Sprintf(`deliveries="2" first_received_at="%d" last_received_at="%d" `+
					`outcome="projected" `,
					epoch.Add(time.Second).UnixMicro(), epoch.Add(2*time.Second).UnixMicro())}
				got := rows(t, db, "SELECT deliveries, first_received_at, last_received_at,"+
					" outcome FROM notifications")
				if !slices.Equal(got, want) {
					t.Errorf("ledger has %s, want %s", got, want)
				}
			})
		}
	})
}

func TestBodiesThatDifferInOneByteAreTwo(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, _ := openStore(t, kind)
		save(t, database, oneByOne(note{}.body(), append(note{}.body(), ' '))...)
		if s := session(t, database, "call-1"); s.Version != 2 || s.Deliveries != 2 {
			t.Errorf("version %d of %d deliveries, want version 2 of 2", s.Version, s.Deliveries)
		}
	})
}

func TestWhatIsNoSessionIsInTheLedgerAlone(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		for name, c := range map[string]struct{ body, outcome, reason string }{
			"no JSON":     {`<xml/>`, "refused", "the body is not a JSON object: invalid JSON at byte 0"},
			"no object":   {`["a"]`, "refused", "the body is not a JSON object: it is a list"},
			"empty":       {``, "refused", "the body is not a JSON object: it is empty"},
			"no call_id":  {`{"messages":[]}`, "quarantined", "call_id: expected a string, got nothing"},
			"no messages": {`{"call_id":"call-1"}`, "quarantined", "messages: expected a list, got nothing"},
		} {
			t.Run(name, func(t *testing.T) {
				database, db := openStore(t, kind)
				save(t, database, oneByOne([]byte(c.body), []byte(c.body))...)
				want := []string{fmt.Sprintf(`id="1" call_id="<nil>" deliveries="2" outcome=%q reason=%q `+
					`stored_seq="<nil>" sign="sign" body_size="%d" `, c.outcome, c.reason, len(c.body))}
				got := rows(t, db, "SELECT id, call_id, deliveries, outcome, reason, stored_seq, sign,"+
					" body_size FROM notifications")
				if !slices.Equal(got, want) {
					t.Errorf("ledger has\n%s, want\n%s", got, want)
				}
				if got := rows(t, db, "SELECT id FROM sessions"); len(got) > 0 {
					t.Errorf("there are sessions: %s", got)
				}
				checkBody(t, database, 1, []byte(c.body))
			})
		}
	})
}

func TestOneBatchTakesAllKinds(t *testing.T) {
	testdb.EachAndPooled(t, func(t *testing.T, kind testdb.Kind) {
		database, db := openStore(t, kind)
		save(t, database, [][]byte{
			note{"messages": texts("one")}.body(),
			[]byte(`no`),
			note{"call_id": ""}.body(),
			note{"call_id": "call-2", "messages": texts("two")}.body(),
			[]byte(`no`),
			note{"messages": texts("one")}.body(),
			note{"timestamp": 2000, "messages": texts("three")}.body(),
		})
		got := rows(t, db, "SELECT outcome, deliveries, call_id FROM notifications ORDER BY id")
		want := []string{
			`outcome="projected" deliveries="2" call_id="call-1" `,
			`outcome="refused" deliveries="2" call_id="<nil>" `,
			`outcome="quarantined" deliveries="1" call_id="<nil>" `,
			`outcome="projected" deliveries="1" call_id="call-2" `,
			`outcome="projected" deliveries="1" call_id="call-1" `,
		}
		if !slices.Equal(got, want) {
			t.Errorf("ledger has\n%s, want\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		s := session(t, database, "call-1")
		if s.Version != 2 || s.Deliveries != 3 || s.ID != 1 || s.NotificationID != 5 {
			t.Errorf("session is %+v", s)
		}
		if s := session(t, database, "call-2"); s.Version != 1 || s.Deliveries != 1 || s.ID != 4 {
			t.Errorf("session is %+v", s)
		}
	})
}

func TestAnEmptyBatchChangesNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, db := openStore(t, kind)
		before := dump(t, db)
		if err := database.Save(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if after := dump(t, db); after != before {
			t.Errorf("changed to %s", after)
		}
	})
}

// Each event of storing has a number of its own, in order; a repeat or an older version is none.
func TestStoringEvents(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, _ := openStore(t, kind)
		all := versions()
		var seen []int64
		for _, body := range [][]byte{all[1], all[0], all[1], []byte(`no`), all[2]} {
			save(t, database, [][]byte{body})
			seq, err := database.EventSeq(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			seen = append(seen, seq)
		}
		if want := []int64{1, 1, 1, 1, 2}; !slices.Equal(seen, want) {
			t.Errorf("numbers of events are %v, want %v", seen, want)
		}
		for after := range int64(2) { // the first version was overtaken
			events, err := database.EventsSince(t.Context(), after, 2, 10)
			if err != nil || len(events) != 1 || events[0].Seq != 2 {
				t.Fatalf("events since %d are %v, %v", after, events, err)
			}
			if session, err := database.SessionOf(t.Context(), events[0]); err != nil || session == nil ||
				session.MessageCount != 1 {
				t.Errorf("its session is %v, %v", session, err)
			}
		}
	})
}

func TestNotificationsOfAnySizeKeepTheirBodies(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, _ := openStore(t, kind)
		long := note{"messages": texts(slices.Repeat([]string{strings.Repeat("long ", 200)}, 1200)...)}.body()
		save(t, database, oneByOne(long)...)
		checkBody(t, database, 1, long)
		found, err := database.MessagesOf(t.Context(), []int64{1}, models.TranscriptRange{})
		if err != nil || len(found[1]) != 1200 {
			t.Errorf("%d messages are kept, %v", len(found[1]), err)
		}
	})
}

func TestSearchFindsWhatTheTranscriptHolds(t *testing.T) {
	testdb.EachAndPooled(t, func(t *testing.T, kind testdb.Kind) {
		database, db := openStore(t, kind)
		save(t, database, [][]byte{
			note{"call_id": "a", "messages": texts("Straße nach İstanbul",
				"100% sure_thing \"quoted\" it's * -- AND OR (x)")}.body(),
			note{"call_id": "b", "messages": texts("请选择您的性别👉", "ok")}.body(),
			note{"call_id": "c", "messages": texts("nul\x00inside", "E\u0301cole \uffff \u0000")}.body(),
			note{"call_id": "d", "messages": texts("", " ", "o", "k")}.body(),
			note{"call_id": "e", "messages": texts("Ho\u0301a \u0111o\u031Bn", "订单１２３４５ ｶﾀｶﾅ", "it´s")}.body(),
		})
		for search, want := range map[string][]string{
			"strasse": {"a"}, "STRASSE İSTANBUL": {"a"}, "i̇stanbul straße": {"a"}, "ISTANBUL": {}, "İSTANBUL ok": {},
			"nach": {"a"}, "ach": {"a"}, "ch": {"a"},
			"100%": {"a"}, "%": {"a"}, "_": {"a"}, `"quoted"`: {"a"}, `"`: {"a"}, "'": {"a"}, "*": {"a"}, "AND": {"a"},
			"(x)": {"a"}, "--": {"a"}, "sure%thing": {},
			"请选择": {"b"}, "性别": {"b"}, "别": {"b"}, "👉": {"b"}, "ok": {"b"}, "OK": {"b"},
			"o": {"a", "b", "c", "d"}, "k": {"b", "d"},
			"nul": {"c"}, "inside": {"c"}, "école": {"c"}, "e\u0301COLE": {"c"}, "ecole": {},
			"hóa đơn": {"e"}, "Ho\u0301a": {"e"}, "12345": {"e"}, "１２": {"e"}, "カタカナ": {"e"}, "it´s": {"e"}, "ｱ": {},
			"": {"a", "b", "c", "d", "e"}, " \n\t": {"a", "b", "c", "d", "e"}, "nowhere": {}, "zz": {},
			"\n": {"a", "b", "c", "d", "e"},
		} {
			if got := hits(t, database, search); !slices.Equal(got, want) {
				t.Errorf("search for %q finds %v, want %v", search, got, want)
			}
		}
		checkSearchIndex(t, db)
	})
}

func TestSaveOnAClosedStoreIsUnavailable(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, _ := openStore(t, kind)
		arrival := database.Prepare(ingest.NewDelivery(note{}.body(), "", epoch))
		if err := database.Close(); err != nil {
			t.Fatal(err)
		}
		if err := database.Save(t.Context(), []store.PreparedDelivery{arrival}); err == nil {
			t.Error("saved without a database")
		}
	})
}

// Statements with which a database refuses one message.
var refusal = map[string]struct {
	begin []string
	end   string
}{
	testdb.SQLite.Name: {[]string{"CREATE TRIGGER refuse BEFORE INSERT ON messages WHEN NEW.content_type =" +
		" 'forbidden' BEGIN SELECT RAISE(ABORT, 'no'); END"},
		"DROP TRIGGER refuse"},
	testdb.Postgres.Name: {[]string{"ALTER TABLE messages ADD CONSTRAINT refuse CHECK (content_type <> 'forbidden')"},
		"ALTER TABLE messages DROP CONSTRAINT refuse"},
}

func TestSaveIsAllOrNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, db := openStore(t, kind)
		execute(t, db, refusal[kind.Name].begin...)
		before := dump(t, db)
		var deliveries []store.PreparedDelivery
		for _, body := range [][]byte{note{"messages": texts("fine")}.body(),
			note{"call_id": "call-2", "messages": []any{note{"content": note{"type": "forbidden"}}}}.body()} {
			deliveries = append(deliveries, database.Prepare(ingest.NewDelivery(body, "", epoch)))
		}
		err := database.Save(t.Context(), deliveries)
		if err == nil || errors.Is(err, dialect.ErrUnavailable) {
			t.Errorf("error is %v, want one that lies in the deliveries", err)
		}
		if after := dump(t, db); after != before {
			t.Errorf("something was stored: %s", after)
		}
		// The same deliveries can be saved again once nothing stands against it.
		execute(t, db, refusal[kind.Name].end)
		if err := database.Save(t.Context(), deliveries); err != nil {
			t.Fatal(err)
		}
		if s := session(t, database, "call-2"); s == nil || s.Version != 1 || s.Deliveries != 1 {
			t.Errorf("session is %+v", s)
		}
	})
}

func TestADatabaseLockedByAnotherIsUnavailable(t *testing.T) {
	database, in := openStore(t, testdb.SQLite)
	db, err := sql.Open("sqlite", in.address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	deliveries := []store.PreparedDelivery{database.Prepare(ingest.NewDelivery(note{}.body(), "", epoch))}
	if err := database.Save(t.Context(), deliveries); !errors.Is(err, dialect.ErrUnavailable) {
		t.Errorf("error is %v, want ErrUnavailable", err)
	}
	if _, err := db.Exec("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := database.Save(t.Context(), deliveries); err != nil {
		t.Errorf("once it is free: %v", err)
	}
}

// Who can wait gets through, once the other is done.
func TestSaveWithRetryWaitsForALockedDatabase(t *testing.T) {
	database, in := openStore(t, testdb.SQLite)
	db, err := sql.Open("sqlite", in.address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	released := make(chan error, 1)
	time.AfterFunc(1500*time.Millisecond, func() {
		_, err := db.Exec("ROLLBACK")
		released <- err
	})
	if err := database.SaveWithRetry(t.Context(),
		[]store.PreparedDelivery{database.Prepare(ingest.NewDelivery(note{}.body(), "", epoch))}); err != nil {
		t.Error(err)
	}
	if err := <-released; err != nil {
		t.Error(err)
	}
}

// Who reads the ledger does not run after what arrives meanwhile.
func TestReadingTheLedgerEnds(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, _ := openStore(t, kind)
		save(t, database, many(3))
		read := 0
		err := database.Ledger(t.Context(), noProgress, nil, func(*models.Notification, []byte) error {
			if read++; read > 3 {
				return errors.New("it goes on")
			}
			save(t, database, [][]byte{note{"call_id": fmt.Sprint("meanwhile-", read)}.body()})
			return nil
		})
		if err != nil || read != 3 {
			t.Errorf("%d notifications, %v", read, err)
		}
	})
}
