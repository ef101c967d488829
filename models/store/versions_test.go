package store_test

import (
	"slices"
	"strings"
	"testing"

	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
	"sessiongraph/models/store"
)

func TestTheLargerTimestampIsTheSession(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		older, newer := note{"timestamp": 1, "intention": "old"}.body(), note{"timestamp": 2,
			"intention": "new"}.body()
		for name, bodies := range map[string][][]byte{"older first": {older, newer}, "newer first": {newer, older}} {
			for how, batches := range map[string][][][]byte{"one by one": oneByOne(bodies...),
				"in one": inOne(bodies...)} {
				t.Run(name+", "+how, func(t *testing.T) {
					database, _ := openStore(t, kind)
					save(t, database, batches...)
					s := session(t, database, "call-1")
					if s.Intention != "new" || s.Version != 2 || s.Deliveries != 2 {
						t.Errorf("%q, version %d of %d deliveries, want new, version 2 of 2", s.Intention,
							s.Version, s.Deliveries)
					}
				})
			}
		}
	})
}

func TestOfEqualTimestampsTheLaterFirstArrivalIsTheSession(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		a, b := note{"intention": "a"}.body(), note{"intention": "b"}.body()
		for name, c := range map[string]struct {
			bodies [][]byte
			want   string
		}{
			"a, b":             {[][]byte{a, b}, "b"},
			"b, a":             {[][]byte{b, a}, "a"},
			"a, b and a again": {[][]byte{a, b, a}, "b"},
		} {
			for how, batches := range map[string][][][]byte{"one by one": oneByOne(c.bodies...),
				"in one": inOne(c.bodies...)} {
				t.Run(name+", "+how, func(t *testing.T) {
					database, _ := openStore(t, kind)
					save(t, database, batches...)
					s := session(t, database, "call-1")
					if s.Intention != c.want || s.Version != 2 || s.Deliveries != len(c.bodies) {
						t.Errorf("%q, version %d of %d deliveries, want %s, version 2 of %d", s.Intention, s.Version,
							s.Deliveries, c.want, len(c.bodies))
					}
				})
			}
		}
	})
}

// versions are three versions of one session, of which the first comes twice.
func versions() [][]byte {
	first := note{"timestamp": 1, "messages": append(texts("alpha", "beta", "gamma"), prompt("?", "!")),
		"ner_slots":   note{"city": "Bonn", "zip": 53111},
		"event_label": note{"L": "1"}, "variables": note{"a": nil, "b": "x"}}.body()
	return [][]byte{
		first,
		note{"timestamp": 2, "messages": texts("beta", "delta"), "ner_slots": note{"city": "Köln"},
			"variables": note{"b": "y"}}.body(),
		note{"timestamp": 3, "messages": texts("Epsilon"), "ner_slots": note{"street": "Long"},
			"event_label": note{"L": "2", "M": []int{1}}}.body(),
		first,
	}
}

// prompt is a message with a button for each title.
func prompt(body string, titles ...string) any {
	buttons := make([]any, len(titles))
	for i, title := range titles {
		buttons[i] = note{"reply": note{"title": title}}
	}
	return note{"sender_type": "robot", "content": note{"type": "interactive", "interactive": note{
		"body": note{"text": body}, "action": note{"buttons": buttons}}}}
}

func TestStateDoesNotDependOnTheOrderOfArrival(t *testing.T) {
	tools.SkipUnderRace(t, "it does one thing after the other, with much data")
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		want := ""
		for n, bodies := range permutations(versions()) {
			if kind.Name != testdb.SQLite.Name && n%5 != 0 {
				continue // a database of a server takes a while to make
			}
			for how, batches := range map[string][][][]byte{"one by one": oneByOne(bodies...),
				"in one": inOne(bodies...), "in two": {bodies[:2], bodies[2:]}} {
				database, db := openStore(t, kind)
				save(t, database, batches...)
				got := dump(t, db)
				if want == "" {
					want = got
					checkLastVersion(t, database)
				}
				if got != want {
					t.Fatalf("%s, in the order %s:\n%s\nbut in another order:\n%s", how, bodies, got, want)
				}
				checkSearchIndex(t, db)
			}
		}
	})
}

func checkLastVersion(t *testing.T, database *store.Store) {
	t.Helper()
	s := session(t, database, "call-1")
	if s.Version != 3 || s.Deliveries != 4 || s.MessageCount != 1 {
		t.Fatalf("version %d of %d deliveries with %d messages, want version 3 of 4 with 1", s.Version,
			s.Deliveries, s.MessageCount)
	}
	for search, want := range map[string]int{"epsilon": 1, "EPSI": 1, "on": 1, "e": 1, "alpha": 0, "beta": 0, "ta": 0,
		"delta": 0, "d": 0} {
		if got := hits(t, database, search); len(got) != want {
			t.Errorf("search for %q finds %v, want %d", search, got, want)
		}
	}
}

func permutations(list [][]byte) [][][]byte {
	if len(list) < 2 {
		return [][][]byte{list}
	}
	var all [][][]byte
	for i := range list {
		rest := slices.Concat(list[:i], list[i+1:])
		for _, tail := range permutations(rest) {
			all = append(all, append([][]byte{list[i]}, tail...))
		}
	}
	return all
}

// After a newer version the database is as if only that had ever come, ledger and counts aside.
func TestANewerVersionReplacesAllOfTheOlder(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		replaced, replacedIn := openStore(t, kind)
		other := note{"call_id": "call-2", "messages": append(texts("alpha of another"), prompt("?", "!"))}.body()
		save(t, replaced, append([][][]byte{{other}}, oneByOne(versions()...)...)...)
		unreplaced, unreplacedIn := openStore(t, kind)
		save(t, unreplaced, [][]byte{other}, versions()[2:3])
		for _, query := range append(contents[1:7:7],
			searchContents[kind.Name][:min(1, len(searchContents[kind.Name]))]...) {
			got, want := rows(t, replacedIn, query), rows(t, unreplacedIn, query)
			if !slices.Equal(got, want) || len(got) == 0 && !strings.Contains(query, "variables") {
				t.Errorf("%s\n got %s\nwant %s", query, got, want)
			}
		}
		orphans := slices.IndexFunc(contents, func(query string) bool { return strings.Contains(query, "AS orphans") })
		for _, query := range contents[orphans:] {
			if got := rows(t, replacedIn, query); !slices.Equal(got, []string{`orphans="0" `}) {
				t.Errorf("%s is %s", query, got)
			}
		}
		if got := hits(t, replaced, "alpha"); !slices.Equal(got, []string{"call-2"}) {
			t.Errorf("search finds alpha in %s, want it in the other session alone", got)
		}
		checkSearchIndex(t, replacedIn)
	})
}

// Two versions of a session that is new, in one transaction: there is nothing yet to replace.
func TestTwoVersionsOfANewSessionInOneBatch(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		for name, before := range map[string][][]byte{"into an empty database": nil,
			"beside another session": {note{"call_id": "call-2", "messages": texts("other words")}.body()}} {
			t.Run(name, func(t *testing.T) {
				database, db := openStore(t, kind)
				if before != nil {
					save(t, database, before)
				}
				save(t, database, versions()[:2])
				if got := hits(t, database, "delta"); !slices.Equal(got, []string{"call-1"}) {
					t.Errorf("search finds %v", got)
				}
				checkSearchIndex(t, db)
				// The index counts its texts: it goes wrong where one is taken out that was never in.
				save(t, database, [][]byte{note{"timestamp": 9, "messages": texts("last")}.body()})
				if got := hits(t, database, "last"); !slices.Equal(got, []string{"call-1"}) {
					t.Errorf("search finds %v", got)
				}
			})
		}
	})
}
