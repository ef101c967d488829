package store_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"sessiongraph/internal/test/testdb"
	"sessiongraph/models"
	"sessiongraph/models/mask"
	"sessiongraph/models/store"
)

// reader is a context of a viewer who sees masks.
func reader(t *testing.T) context.Context {
	t.Helper()
	return models.WithViewer(t.Context(), &models.Viewer{Scopes: []models.Scope{models.ScopeRead}})
}

// openMasked opens a store with a key of pseudonyms, and names that are shown.
func openMasked(t *testing.T, db backend, key string, names func() *mask.Names) *store.Store {
	t.Helper()
	address, direct := db.At(t, db.address)
	database, err := store.Open(t.Context(), address,
		store.Options{Direct: direct, MaskKey: []byte(key), Unmasked: names})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = database.Close() })
	return database
}

func remasked(t *testing.T, database *store.Store) int {
	t.Helper()
	shown := 0
	done, err := database.Remask(t.Context(), func(done, total int) {
		if done > total || done < shown {
			t.Errorf("progress %d of %d after %d", done, total, shown)
		}
		shown = done
	})
	if err != nil || shown != done {
		t.Fatalf("%d masked again, %d shown, error %v", done, shown, err)
	}
	return done
}

// found counts the sessions that pass a filter.
func found(t *testing.T, ctx context.Context, database *store.Store, filter *models.SessionFilter) int {
	t.Helper()
	list := models.SessionList{Filters: []*models.SessionFilter{filter}}
	counts, err := database.CountSessions(ctx, list, []string{""})
	if err != nil {
		t.Fatal(err)
	}
	return counts[""]
}

func slotIs(name, value string) *models.SessionFilter {
	return &models.SessionFilter{NerSlots: []*models.NamedValueFilter{
		{Name: name, Value: &models.StringFilter{Eq: &value}},
	}}
}

func numberOf(name string) *models.SessionFilter {
	return &models.SessionFilter{NerSlots: []*models.NamedValueFilter{{Name: name, Number: &models.FloatFilter{}}}}
}

func calleeIs(callee string) *models.SessionFilter {
	return &models.SessionFilter{Callee: &models.StringFilter{Eq: &callee}}
}

func holds(word string) *models.SessionFilter { return &models.SessionFilter{Search: &word} }

// What is stored of masks follows the key and the names, whichever program stored it.
func TestRemask(t *testing.T) {
	testdb.EachAndPooled(t, func(t *testing.T, kind testdb.Kind) {
		db := fresh(t, kind)
		first := openMasked(t, db, "first", nil)
		var bodies [][]byte
		for _, callID := range []string{"a", "b", "c"} {
			bodies = append(bodies, note{
				"call_id": callID, "callee": "+6281234567890",
				"ner_slots": note{"city": "Jakarta", "none": nil, "n": 42}, "variables": note{"name": "Budi"},
				"messages": texts("Budi lives in Jakarta now", "nothing"),
			}.body())
		}
		save(t, first, [][]byte{bodies[0], bodies[1], bodies[2]})
		if n := remasked(t, first); n != 0 {
			t.Errorf("%d sessions were masked again that were stored a moment ago", n)
		}
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}

		var names atomic.Pointer[mask.Names]
		second := openMasked(t, db, "second", names.Load)
		masks := mask.NewMasks(mask.Key("second"), nil)
		if n := remasked(t, second); n != 3 {
			t.Errorf("%d sessions were masked again with another key, want 3", n)
		}
		check := func(cityShown bool) {
			t.Helper()
			city := map[bool]int{true: 3}
			for _, test := range []struct {
				name   string
				filter *models.SessionFilter
				want   int
			}{
				{"callee", calleeIs(masks.Callee("+6281234567890")), 3},
				{"clear callee", calleeIs("+6281234567890"), 0},
				{"another key's callee", calleeIs(mask.NewMasks(mask.Key("first"), nil).Callee("+6281234567890")), 0},
				{"slot", slotIs("city", masks.Callee("Jakarta")), city[!cityShown]},
				{"clear slot", slotIs("city", "Jakarta"), city[cityShown]},
				{"slot that is a number", slotIs("n", masks.Callee("42")), 3},
				{"number of a masked slot", numberOf("n"), 0},
				{"word beside masks", holds("lives"), 3},
				{"masked word", holds("budi"), 0},
				{"masked in part", holds("jakarta"), city[cityShown]},
				{"part of a pseudonym", holds("value:"), 0},
			} {
				if got := found(t, reader(t), second, test.filter); got != test.want {
					t.Errorf("%s: %d sessions, want %d", test.name, got, test.want)
				}
			}
		}
		check(false)
		for _, filter := range []*models.SessionFilter{
			calleeIs("+6281234567890"), slotIs("city", "Jakarta"), numberOf("n"), holds("budi"),
			calleeIs(masks.Callee("+6281234567890")), slotIs("city", masks.Callee("Jakarta")),
		} {
			if got := found(t, t.Context(), second, filter); got != 3 {
				t.Errorf("an operator finds %d sessions, want 3", got)
			}
		}

		names.Store(mask.NewNames([]string{"city"}))
		if n := found(t, reader(t), second, holds("lives")); kind.Name == testdb.Postgres.Name && n != 0 {
			t.Errorf("%d sessions were found by what was masked with other names", n)
		}
		remasked(t, second)
		check(true)
		verified(t, second)
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		verified(t, reopen(t, db)) // with the database's key, as verify has
	})
}

// Callees of one pseudonym are one contact for who sees masks, and stay several for others.
func TestContactsOfOnePseudonym(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database := openMasked(t, fresh(t, kind), "key", nil)
		pseudonym := mask.NewMasks(mask.Key("key"), nil).Callee("+6281234567890")
		callees := []string{"+6281234567890", "+62 812-3456-7890", "６２８１２３４５６７８９０", "Budi", ""}
		for i, callee := range callees {
			save(t, database, [][]byte{note{"call_id": "call" + string(rune('a'+i)), "callee": callee,
				"session_end_time": "2025-04-15T06:41:0" + string(rune('1'+i%3)) + "Z"}.body()})
		}
		list := models.ContactList{Order: models.DefaultContactOrder()}
		for _, viewer := range []struct {
			ctx  context.Context
			want string
		}{
			{reader(t), pseudonym + " 3, " + database.Pseudonym(t.Context(), "Budi") + " 1"},
			{t.Context(), "６２８１２３４５６７８９０ 1, +62 812-3456-7890 1, Budi 1, +6281234567890 1"},
		} {
			page, err := database.ContactPage(viewer.ctx, list, models.PageSpec[models.ContactKey]{Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range page {
				got = append(got, c.Callee+" "+string(rune('0'+c.SessionCount)))
			}
			if strings.Join(got, ", ") != viewer.want {
				t.Errorf("contacts %v, want %s", got, viewer.want)
			}
			count, err := database.CountContacts(viewer.ctx, list)
			if err != nil || count != len(page) {
				t.Errorf("%d contacts counted, %d listed, error %v", count, len(page), err)
			}
		}
		if callee, err := database.CalleeOf(t.Context(), pseudonym); err != nil || callee != callees[2] {
			t.Errorf("the pseudonym is that of %q, want the one seen last, %q; error %v", callee, callees[2], err)
		}
		for _, owner := range []struct {
			ctx    context.Context
			callee string
			want   int
		}{
			{reader(t), pseudonym, 3}, {reader(t), callees[0], 0},
			{t.Context(), callees[0], 1}, {t.Context(), pseudonym, 0},
		} {
			list := models.SessionList{Scope: models.OfCallee}
			counts, err := database.CountSessions(owner.ctx, list, []string{owner.callee})
			if err != nil || counts[owner.callee] != owner.want {
				t.Errorf("%q has %v sessions, want %d, error %v", owner.callee, counts, owner.want, err)
			}
		}
	})
}

// A version is masked by its own values and by those of the version that is shown.
func TestVersionsAreMaskedByTheShownOne(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database := openMasked(t, fresh(t, kind), "key", nil)
		for i, name := range []string{"Budi", "Siti"} {
			save(t, database, [][]byte{note{"timestamp": 1000 + i, "variables": note{"name": name},
				"messages": texts("Budi and Siti and Agus")}.body()})
		}
		versions, err := database.VersionsOf(reader(t), []string{"call-1"})
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range versions["call-1"] {
			raw, err := database.BodiesOf(reader(t), []int64{v.ID})
			if err != nil {
				t.Fatal(err)
			}
			text := string(raw[v.ID])
			hidden := []string{"Siti", "Budi"}
			if i == 0 { // the one that is shown knows nothing of older ones
				hidden = hidden[:1]
			}
			if slices.ContainsFunc(hidden, func(name string) bool { return strings.Contains(text, name) }) ||
				!strings.Contains(text, "Agus") {
				t.Errorf("version %d shows %s", i, text)
			}
		}
	})
}
