package store_test

import (
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sessiongraph/ingest"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
	"sessiongraph/models"
	"sessiongraph/models/store"
	"sessiongraph/models/store/dialect"
)

// NUL and its neighbours are characters like any other, though PostgreSQL's texts hold no NUL.
func TestTextsWithNUL(t *testing.T) {
	testdb.EachAndPooled(t, func(t *testing.T, kind testdb.Kind) {
		database, db := openStore(t, kind)
		body := note{"call_id": "a\x00b", "workflow_name": "x\x00", "callee": "+1\x00",
			"messages":  texts("zero\x00width \x01\x02"),
			"ner_slots": note{"a\x00": "1", "a\uFFFD": "2", "v": "\x00"}}.body()
		save(t, database, oneByOne(body, body, note{"call_id": "a\uFFFDb", "timestamp": 2000,
			"messages": texts("later\x00 \uFFFEnd \uFFFD \x03"), "ner_slots": note{"v": "\x00"}}.body())...)
		save(t, database, [][]byte{note{"call_id": "a\x00b", "timestamp": 2000, "callee": "+1\x00",
			"messages": texts("zero\x00width \x01\x02", "another")}.body()})
		one, two := session(t, database, "a\x00b"), session(t, database, "a\uFFFDb")
		if one == nil || two == nil || one.Version != 2 || one.Callee != "+1\x00" || two.Version != 1 {
			t.Errorf("sessions are %+v and %+v", one, two)
		}
		found, err := database.NerSlotsOf(t.Context(), []int64{1})
		if err != nil || len(found[1]) != 0 {
			t.Errorf("slots of an older version: %v, %v", found, err)
		}
		for search, want := range map[string]string{
			"zero\x00wid": "a\x00b", "ZERO\x00": "a\x00b", "zero\uFFFD": "", "zero": "a\x00b",
			"\x00": "a\x00b a\uFFFDb", "later\x00": "a\uFFFDb", "later\uFFFD": "",
			"\uFFFEnd": "a\uFFFDb", "\uFFFDnd": "", "\uFFFD": "a\uFFFDb", "\uFFFE": "a\uFFFDb", "\uFFFF": "",
			"\uFFFEn": "a\uFFFDb", "\uFFFDn": "",
			"\x01": "a\x00b", "\x01\x02": "a\x00b", "\x02": "a\x00b", "\x03": "a\uFFFDb", "\x04": "", "\x05": "",
		} {
			if got := strings.Join(hits(t, database, search), " "); got != want {
				t.Errorf("%q finds %q, want %q", search, got, want)
			}
			list := models.MessageList{Filter: &models.MessageFilter{Search: &search}}
			if count, err := database.CountMessages(t.Context(), list); err != nil ||
				count != len(strings.Fields(want)) {
				t.Errorf("%q finds %d messages, %v", search, count, err)
			}
		}
		apart := "zero\x00wid another" // which no single message has
		list := models.MessageList{Filter: &models.MessageFilter{Search: &apart}}
		if count, err := database.CountMessages(t.Context(), list); err != nil || count != 0 {
			t.Errorf("%q finds %d messages, %v", apart, count, err)
		}
		text := func(s string) *string { return &s }
		for _, c := range []struct {
			filter models.StringFilter
			want   int
		}{
			{models.StringFilter{Eq: text("+1\x00")}, 1}, {models.StringFilter{Eq: text("+1")}, 0},
			{models.StringFilter{StartsWith: text("+1\x00")}, 1},
			{models.StringFilter{StartsWith: text("+1\uFFFD")}, 0}, {models.StringFilter{Contains: text("\x00")}, 1},
			{models.StringFilter{In: []string{"+1\x00"}}, 1},
			{models.StringFilter{Contains: text("\x03")}, 0}, {models.StringFilter{StartsWith: text("+1\x01")}, 0},
		} {
			counts, err := database.CountSessions(t.Context(),
				models.SessionList{Filters: []*models.SessionFilter{{Callee: &c.filter}},
					Order: models.DefaultSessionOrder()}, []string{""})
			if err != nil || counts[""] != c.want {
				t.Errorf("%+v: %d sessions, want %d (%v)", c.filter, counts[""], c.want, err)
			}
		}
		for value, want := range map[string]int{"\x00": 1, "\uFFFD": 0, "\x01\x03": 0} {
			slot := &models.NamedValueFilter{Name: "v", Value: &models.StringFilter{Eq: &value}}
			counts, err := database.CountSessions(t.Context(),
				models.SessionList{Filters: []*models.SessionFilter{{NerSlots: []*models.NamedValueFilter{slot}}},
					Order: models.DefaultSessionOrder()}, []string{""})
			if err != nil || counts[""] != want {
				t.Errorf("slot %q: %d sessions, want %d (%v)", value, counts[""], want, err)
			}
		}
		checkBody(t, database, 1, body)
		verified(t, database)
		if err := database.Replay(t.Context(), ingest.Project, func(int, int) {}); err != nil {
			t.Error(err)
		}
		verified(t, database)
		if got := rows(t, db, "SELECT id FROM sessions"); len(got) != 2 {
			t.Errorf("sessions are %s", got)
		}
	})
}

// What an older version stored with U+FFFD in place of NUL, or with other control
// characters as they are, is told apart by the upgrade.
func TestUpgradeOfTextsWithNUL(t *testing.T) {
	db := fresh(t, testdb.Postgres)
	bodies := [][]byte{note{"call_id": "a\x00b"}.body(), note{"call_id": "a\uFFFDb"}.body(),
		note{"call_id": "x\x01\x02y", "messages": texts("\x03 \x02")}.body()}
	old := func(body []byte) (*models.Projection, models.Outcome, string) {
		p, outcome, reason := ingest.Project(body)
		p.Session.CallID = strings.ReplaceAll(p.Session.CallID, "\x00", "\uFFFD")
		return p, outcome, reason
	}
	err := store.MakeOld(t.Context(), db.address, bodies, old, func(text string) string { return text })
	if err != nil {
		t.Fatal(err)
	}
	// The connection wrote it in today's form.
	execute(t, db, `UPDATE sessions SET call_id = E'x\001\002y' WHERE id = 3`,
		`UPDATE notifications SET call_id = E'x\001\002y' WHERE id = 3`)
	database := reopen(t, db)
	if left, err := database.Upgrade(t.Context(), ingest.Project, noProgress); left != 0 || err != nil {
		t.Errorf("%d left, %v", left, err)
	}
	for callID, id := range map[string]int64{"a\x00b": 1, "a\uFFFDb": 2, "x\x01\x02y": 3} {
		if got := session(t, database, callID); got == nil || got.ID != id || got.Version != 1 || got.Deliveries != 2 {
			t.Errorf("session %q is %+v", callID, got)
		}
	}
	verified(t, database)
}

// A signature is whatever was sent as one.
func TestAnySignatureIsStored(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, _ := openStore(t, kind)
		header := http.Header{}
		header.Set("X-AIRudder-Sign", "caf\xe9 \xff")
		arrival := database.Prepare(ingest.NewDelivery(note{}.body(), header.Get("X-AIRudder-Sign"), epoch))
		if err := database.Save(t.Context(), []store.PreparedDelivery{arrival}); err != nil {
			t.Fatal(err)
		}
		verified(t, database)
	})
}

// Values may be as large as a notification; what is looked up by is bounded where it is read.
func TestLargeValues(t *testing.T) {
	tools.SkipUnderRace(t, "it does one thing after the other, with much data")
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, _ := openStore(t, kind)
		var noise strings.Builder // that no compression makes small
		for n := 0; noise.Len() < 4<<20; n++ {
			noise.WriteString(string(rune('a'+n*n%25)) + string(rune(0x4e00+(n*7919)%20000)))
		}
		large := noise.String()
		key := strings.Repeat("k", 1024)
		save(t, database, [][]byte{note{"status": large, "workflow_name": large, "intention": key, "callee": key,
			"messages":  texts(strings.ToValidUTF8(large[:1<<20], "")),
			"ner_slots": note{key: large, "short": "x"}, "event_label": note{"l": large},
			"variables": note{"v": large}}.body()})
		other := large + "!"
		for _, c := range []struct {
			filter models.StringFilter
			want   int
		}{
			{models.StringFilter{Eq: &large}, 1}, {models.StringFilter{Eq: &other}, 0},
			{models.StringFilter{In: []string{other, large}}, 1},
			{models.StringFilter{In: []string{other}}, 0}, {models.StringFilter{Ne: &large}, 0},
			{models.StringFilter{Contains: &large}, 1}, {models.StringFilter{StartsWith: &key}, 0},
		} {
			filter := &models.SessionFilter{NerSlots: []*models.NamedValueFilter{{Name: key, Value: &c.filter}}}
			counts, err := database.CountSessions(t.Context(),
				models.SessionList{Filters: []*models.SessionFilter{filter}, Order: models.DefaultSessionOrder()},
				[]string{""})
			if err != nil || counts[""] != c.want {
				t.Errorf("%d sessions, want %d (%v)", counts[""], c.want, err)
			}
		}
		if got := hits(t, database, large[100:200]); !slices.Equal(got, []string{"call-1"}) {
			t.Errorf("search finds %v", got)
		}
		verified(t, database)
	})
}

// What the database wants run again is run again, a bounded number of times.
func TestConflictsAreTriedAgain(t *testing.T) {
	for _, c := range []struct {
		code  string
		fails int
	}{{"40001", 3}, {"40P01", 2}, {"40001", 1000}} {
		database, db := openStore(t, testdb.Postgres)
		execute(t, db, "CREATE SEQUENCE tries",
			"CREATE FUNCTION conflict() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF nextval('tries') <= "+
				strconv.Itoa(c.fails)+
				" THEN RAISE EXCEPTION 'again' USING ERRCODE = '"+c.code+"'; END IF; RETURN NEW; END $$",
			"CREATE TRIGGER conflict BEFORE INSERT ON notifications FOR EACH ROW EXECUTE FUNCTION conflict()")
		delivery := ingest.NewDelivery(note{"messages": texts("once")}.body(), "", epoch)
		deliveries := []store.PreparedDelivery{database.Prepare(delivery)}
		err := database.Save(t.Context(), deliveries)
		if c.fails < 10 && err != nil {
			t.Errorf("%s: %v", c.code, err)
		}
		if c.fails > 10 && !errors.Is(err, dialect.ErrUnavailable) {
			t.Errorf("%s for ever: error is %v, want ErrUnavailable", c.code, err)
		}
		verified(t, database)
	}
}

// A server that is no replica, or none any more, has other sessions: it is not asked.
func TestAReplicaThatFollowsNobodyIsLeftOut(t *testing.T) {
	database, db := openStore(t, testdb.Postgres)
	save(t, database, [][]byte{note{}.body()})
	other, elsewhere := openStore(t, testdb.Postgres)
	save(t, other, [][]byte{note{"call_id": "of another"}.body()})
	var log tools.Log
	reader, err := store.Open(t.Context(), db.address,
		store.Options{Replicas: []string{elsewhere.address}, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reader.Close() })
	log.Await(t, regexp.MustCompile(`msg="replica left out".*follow`))
	if session(t, reader, "call-1") == nil || session(t, reader, "of another") != nil {
		t.Error("it is asked")
	}
}

func TestOpenSaysWhatIsWrongWithAPostgres(t *testing.T) {
	there := testdb.Postgres.Fresh(t)
	host := there[strings.Index(there, "?"):]
	execute(t, backend{testdb.Postgres, there}, "CREATE ROLE plain LOGIN", "CREATE ROLE stranger LOGIN",
		"GRANT CREATE ON SCHEMA public TO plain")
	t.Cleanup(func() {
		execute(t, backend{testdb.Postgres, "postgres://postgres@/postgres" + host},
			"DROP ROLE IF EXISTS plain, stranger")
	})
	t.Cleanup(func() { execute(t, backend{testdb.Postgres, there}, "DROP OWNED BY plain") })
	for name, c := range map[string]struct {
		address string
		exists  bool
		says    string
	}{
		"no such database": {"postgres://postgres:secret@/nothing" + host, false, "createdb"},
		"no such user":     {"postgres://nobody:secret@/postgres" + host, false, "does not let this user in"},
		"no server":        {"postgres://postgres:secret@127.0.0.1:1/x", false, "cannot be reached"},
		"no address":       {"postgres://postgres:secret@127.0.0.1:none/x", false, "address"},
		"no right to create": {strings.Replace(there, "postgres@", "stranger:secret@", 1), false,
			"GRANT CREATE ON SCHEMA public TO"},
		"no extension": {strings.Replace(there, "postgres@", "plain:secret@", 1), false,
			"as a superuser: CREATE EXTENSION pg_trgm"},
		"nothing of ours":     {there, true, "no tables of sessiongraph"},
		"an unknown option":   {there + "&nonsense=1", false, "nonsense"},
		"no check of clients": {there + "&client_connection_check_interval=none", false, "PostgreSQL 14"},
	} {
		t.Run(name, func(t *testing.T) {
			tools.NoGoroutineLeft(t)
			database, err := store.Open(t.Context(), c.address, store.Options{MustExist: c.exists})
			if err == nil {
				_ = database.Close()
				t.Fatal("opened")
			}
			checkOneLine(t, err, c.says)
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
	_, err := store.Open(t.Context(), testdb.SQLite.Fresh(t), store.Options{Replicas: []string{there}})
	if err == nil {
		t.Error("a file is opened with replicas")
	}
}

// A pooler hands a connection of the server from one transaction to the next: what one was set to must not be left
// to another, and what this program needs has to be set for each.
func TestThroughAPooler(t *testing.T) {
	db := fresh(t, testdb.Pooled)
	execute(t, db, "DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() ||"+
		" ' SET default_transaction_isolation = serializable'; END $$")
	database := reopen(t, db)
	for settings, want := range map[string]string{
		"transaction_isolation": "read committed", "lock_timeout": "10s", "idle_in_transaction_session_timeout": "10s",
		"client_connection_check_interval": "2s",
	} {
		if got, err := database.SettingWhileWriting(t.Context(), settings); got != want || err != nil {
			t.Errorf("%s is %q, want %q, %v", settings, got, want, err)
		}
	}
	save(t, database, [][]byte{note{}.body()})
	pooler, direct := db.At(t, db.address)
	unprepared := backend{db.Kind, pooler + "&default_query_exec_mode=exec"}
	if got := rows(t, unprepared, "SELECT current_setting('lock_timeout') AS left_behind,"+
		" (SELECT COUNT(*) FROM pg_prepared_statements) AS prepared"); got[0] != `left_behind="0" prepared="0" ` {
		t.Errorf("a connection of the server has %s", got)
	}

	elsewhere := testdb.Postgres.Fresh(t)
	for name, c := range map[string]struct{ address, direct, says string }{
		"of another database": {pooler, elsewhere, "another database's"},
		"of no server": {pooler, "postgres://postgres:secret@127.0.0.1:1/x",
			"direct address: the server cannot be reached"},
		"of no URL": {pooler, "postgres://:none/x", "direct address: invalid"},
		"missing":   {pooler, "", "--db-direct"},
		"of a file": {testdb.SQLite.Fresh(t), direct, "no direct address"},
	} {
		t.Run("direct address "+name, func(t *testing.T) {
			tools.NoGoroutineLeft(t)
			_, err := store.Open(t.Context(), c.address, store.Options{Direct: c.direct})
			if err == nil {
				t.Fatal("opened")
			}
			checkOneLine(t, err, c.says)
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}

// The role that docs/scaling.md makes, which is no superuser and owns neither database nor schema, is enough.
func TestAPlainRole(t *testing.T) {
	db := fresh(t, testdb.Postgres)
	execute(t, db, "CREATE ROLE plain_role LOGIN", "GRANT CREATE ON SCHEMA public TO plain_role",
		"CREATE EXTENSION pg_trgm")
	t.Cleanup(func() { execute(t, db, "DROP OWNED BY plain_role", "DROP ROLE plain_role") })
	plain := backend{db.Kind, strings.Replace(db.address, "postgres@", "plain_role@", 1)}
	one, other := reopen(t, plain), reopen(t, plain)
	wake, leave := one.Wake()
	defer leave()
	saveOnce(t, other, note{"messages": texts("some words")}.body())
	if !wokenBy(t, one, wake, 1) {
		t.Error("not woken by another instance")
	}
	if got := hits(t, one, "words"); !slices.Equal(got, []string{"call-1"}) {
		t.Errorf("search finds %v", got)
	}
	if err := one.CheckWritable(t.Context()); err != nil {
		t.Error(err)
	}
	verified(t, one)
	if removed, err := one.Erase(t.Context(), "+100", store.RemovalProgress{}); err != nil || removed.Sessions != 1 {
		t.Errorf("erased %+v, %v", removed, err)
	}
}

// Pages and cursors need one order of texts on all servers: that of their bytes, as on SQLite.
func TestTextsCompareByTheirBytes(t *testing.T) {
	db := fresh(t, testdb.Postgres)
	reopen(t, db)
	const collated = " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid" +
		" WHERE c.relnamespace = 'public'::regnamespace" +
		" AND c.relkind IN ('r', 'i') AND a.attnum > 0 AND NOT a.attisdropped AND a.attcollation <> 0"
	for _, relation := range []string{"sessions", "sessions_workflow"} {
		if found := rows(t, db, "SELECT a.attname"+collated+" AND c.relname = '"+relation+"'"); len(found) == 0 {
			t.Errorf("no text of %s is checked", relation)
		}
	}
	for _, other := range rows(t, db, "SELECT c.relname, a.attname, a.attcollation::regcollation"+collated+
		" AND a.attcollation <> '\"C\"'::regcollation AND c.relname NOT IN ('migrations', "+
		"'migrations_pkey') ORDER BY 1, 2") {
		t.Errorf("a text has no COLLATE \"C\": %s", other)
	}
}
