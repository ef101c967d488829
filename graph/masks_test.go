package graph_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sessiongraph/ingest"
	"sessiongraph/internal/simulate"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
	"sessiongraph/models"
	"sessiongraph/models/mask"
	"sessiongraph/models/store"
)

var differenceFor = flag.Duration("difference", 0,
	"how long TestMaskedValuesMakeNoDifference asks random operations of each database, 0 for some")

var pseudonym = regexp.MustCompile(`(phone|email|link|number|value):[0-9A-HJKMNP-TV-Z]{16}`)

// maskedWorlds are notifications in two worlds that differ only in what is masked: the same values are equal, and
// their pseudonyms have the same order.
func maskedWorlds(t *testing.T, masks *mask.Masks, sessions int) (worlds [2][][]byte) {
	t.Helper()
	generator := simulate.New(1)
	templates := make([]string, sessions)
	found := map[string]bool{}
	for n := range templates {
		body := models.JSON(generator.Notification(n))
		templates[n] = string(masks.Session(body).Notification(body))
		for _, p := range pseudonym.FindAllString(templates[n], -1) {
			found[p] = true
		}
	}
	byKind := map[string][]string{}
	for p := range found {
		kind, _, _ := strings.Cut(p, ":")
		byKind[kind] = append(byKind[kind], p)
	}
	for w := range worlds {
		values := map[string]string{}
		for kind, pseudonyms := range byKind {
			slices.Sort(pseudonyms)
			for i, value := range madeUp(masks, kind, len(pseudonyms), uint64(w)) {
				values[pseudonyms[i]] = value
			}
		}
		for _, template := range templates {
			worlds[w] = append(worlds[w], []byte(pseudonym.ReplaceAllStringFunc(template, func(p string) string {
				return values[p]
			})))
		}
	}
	return worlds
}

// madeUp are different values of a kind, in the order of their pseudonyms.
func madeUp(masks *mask.Masks, kind string, n int, seed uint64) []string {
	random := rand.New(rand.NewPCG(seed, uint64(kind[0])))
	letters := func() string {
		word := make([]byte, 8)
		for i := range word {
			word[i] = byte('a' + random.IntN(26))
		}
		return string(word)
	}
	byPseudonym := map[string]string{}
	for len(byPseudonym) < n {
		var value string
		switch kind {
		case "phone":
			value = fmt.Sprintf("+62812%08d", random.IntN(1e8))
		case "email":
			value = letters() + "@mail.example"
		case "link":
			value = "https://" + letters() + ".example/a?b=" + letters()
		case "number":
			value = fmt.Sprintf("9%016d", random.Int64N(1e16))
		default:
			value = "Zq" + letters()
		}
		if p := masks.Callee(value); strings.HasPrefix(p, kind+":") {
			byPseudonym[p] = value
		}
	}
	values := make([]string, 0, n)
	for _, p := range slices.Sorted(func(yield func(string) bool) {
		for p := range byPseudonym {
			if !yield(p) {
				return
			}
		}
	}) {
		values = append(values, byPseudonym[p])
	}
	return values
}

// renaming is a one-to-one renaming of pseudonyms, and of ids and cursors, which are sealed.
type renaming struct{ there, back map[string]string }

var renamed = regexp.MustCompile(pseudonym.String() + `|[A-Za-z0-9_-]{43,}`)

// equal reports whether two texts are equal but for a renaming, which it adds to.
func (r renaming) equal(a, b string) bool {
	names, others := renamed.FindAllString(a, -1), renamed.FindAllString(b, -1)
	if len(names) != len(others) || renamed.ReplaceAllString(a, "") != renamed.ReplaceAllString(b, "") {
		return false
	}
	for i, name := range names {
		there, known := r.there[name]
		back, taken := r.back[others[i]]
		if known != taken || known && (there != others[i] || back != name) {
			return false
		}
		r.there[name], r.back[others[i]] = others[i], name
	}
	return true
}

// rename returns a request with the names of the other world.
func (r renaming) rename(request []byte) []byte {
	return renamed.ReplaceAllFunc(request, func(name []byte) []byte {
		if other, known := r.there[string(name)]; known {
			return []byte(other)
		}
		return name
	})
}

func openMaskedWorld(t *testing.T, address string, names *mask.Names, bodies [][]byte) *store.Store {
	t.Helper()
	database, err := store.Open(t.Context(), address, store.Options{
		MaskKey: []byte("key"), Unmasked: func() *mask.Names { return names },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = database.Close() })
	if len(bodies) == 0 {
		return database
	}
	deliveries := make([]store.PreparedDelivery, len(bodies))
	for i, body := range bodies {
		deliveries[i] = database.Prepare(ingest.NewDelivery(body, "", time.Unix(1744699269+int64(i), 0)))
	}
	if err := database.Save(t.Context(), deliveries); err != nil {
		t.Fatal(err)
	}
	return database
}

// Two databases that differ in masked values alone give a viewer who sees masks the same answers, whatever is asked,
// but for a one-to-one renaming of pseudonyms.
func TestMaskedValuesMakeNoDifference(t *testing.T) {
	tools.SkipUnderRace(t, "one question follows the other")
	names := mask.NewNames([]string{"city"})
	worlds := maskedWorlds(t, mask.NewMasks(mask.Key("key"), names), 150)
	reader := &models.Viewer{Scopes: []models.Scope{models.ScopeRead}}
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		var handlers [2]http.Handler
		for w := range worlds {
			database := openMaskedWorld(t, kind.Fresh(t), names, worlds[w])
			handlers[w] = as(reader, wideHandler(t, database))
		}
		r := renaming{map[string]string{}, map[string]string{}}
		asked, found, forbidden, failed := 0, 0, 0, 0
		ask := func(document string, variables map[string]any) {
			request := encodeJSON(object{"query": document, "variables": variables})
			a, b := answerOf(t, handlers[0], request), answerOf(t, handlers[1], r.rename(request))
			asked++
			if bytes.Contains(a.Data, []byte(`":[{`)) {
				found++
			}
			if strings.Contains(strings.Join(a.Errors, ""), "FORBIDDEN") {
				forbidden++
			}
			same := r.equal(string(a.Data), string(b.Data)) &&
				r.equal(strings.Join(a.Errors, ""), strings.Join(b.Errors, ""))
			if !same && failed < 5 {
				failed++
				t.Errorf("%.600s\n%.600s\n%s", document, encodeJSON(variables), firstDifference(
					fmt.Sprint(string(a.Data), a.Errors), fmt.Sprint(string(b.Data), b.Errors)))
			}
		}

		for _, document := range wholeDocuments(t) {
			ask(document, nil)
		}
		if len(r.there) < 300 {
			t.Fatalf("%d pseudonyms, ids and cursors were found: the test tests little", len(r.there))
		}
		var facts worldFacts
		answered := answerOf(t, handlers[0], encodeJSON(object{"query": factsDocument}))
		if err := json.Unmarshal(answered.Data, &facts); err != nil {
			t.Fatal(err)
		}
		for _, filter := range some(facts.filters()) {
			ask(passingSessions, object{"filter": filter})
			ask(passingSessions, object{"filter": object{"not": filter}})
		}
		for _, filter := range some(facts.messageFilters()) {
			ask(passingMessages, object{"filter": filter})
		}
		for _, word := range some(facts.words()) {
			ask(foundByWord, object{"word": word})
		}
		for _, filter := range some(facts.pseudonymFilters()) {
			ask(passingSessions, object{"filter": filter})
			ask(passingSessions, object{"filter": object{"not": filter}})
			ask(`query ($filter: SessionFilter) { contacts(first: 100, filter: { sessions: $filter }) { totalCount
				nodes { callee sessionCount } } sessionStats(filter: $filter, nerSlot: "name") { nerSlotValue
				sessionCount contactCount callbackCount(hours: 1000) medianWaitSeconds }
				promptStats(filter: $filter) { body sessionCount options { title pickedCount } }
				variables(filter: $filter) { name distinctValues values { value } } }`,
				object{"filter": filter})
		}
		schema := loadSchema(t, "../schema.graphqls")
		values := argumentValues(t, handlers[0])
		for _, filter := range facts.pseudonymFilters()[:20] {
			values["SessionFilter"] = append(values["SessionFilter"], literal(filter))
		}
		began := time.Now()
		for seed := uint64(1); seed == 1 || time.Since(began) < *differenceFor && failed == 0; seed++ {
			d := &documentMaker{Rand: rand.New(rand.NewPCG(seed, 1)), schema: schema, values: values}
			for range 100 {
				ask(d.next(t))
			}
		}
		t.Logf("%d questions, %d of them found something, %d were forbidden", asked, found, forbidden)
		if found < asked/4 || forbidden == 0 {
			t.Error("most questions found nothing, or none was forbidden: the test tests little")
		}
	})
}

// some returns a tenth, or all in a long run.
func some[T any](all []T) (some []T) {
	for i, one := range all {
		if *differenceFor > 0 || i%10 == 0 {
			some = append(some, one)
		}
	}
	return some
}

// Subscribers who ask the same see masks or not, and filter by what they see.
func TestSubscribersSeeMasks(t *testing.T) {
	database := openMaskedWorld(t, testdb.SQLite.Fresh(t), nil, nil)
	handler := wideHandler(t, database)
	generator := simulate.New(1)
	var callees []string
	for n := range 40 {
		callees = append(callees, models.JSON(generator.Notification(n)).Get("callee").Text())
	}
	hidden, last := callees[len(callees)-2], callees[len(callees)-1]
	const document = `subscription ($f: SessionFilter) { sessionStored(filter: $f) { session { callee } } }`
	all, others := object{}, object{"callee": object{"ne": database.Pseudonym(t.Context(), hidden)}}
	stored := 0
	for _, subscriber := range []struct {
		scopes []models.Scope
		filter object
	}{
		{scopes: []models.Scope{models.ScopeRead}, filter: all},
		{scopes: []models.Scope{models.ScopeRead, models.ScopePII}, filter: all},
		{scopes: []models.Scope{models.ScopeRead}, filter: others},
		{scopes: []models.Scope{models.ScopeRead, models.ScopePII}, filter: others},
	} {
		viewer := &models.Viewer{Scopes: subscriber.scopes}
		server := httptest.NewServer(as(viewer, handler))
		t.Cleanup(server.Close)
		stream := dataOf(openSSE(t, server.URL, document, object{"f": subscriber.filter}))
		firstData(t, database, stream, &stored)
		defer func() {
			sees := func(callee string) string {
				if viewer.SeesMasks() {
					callee = database.Pseudonym(t.Context(), callee)
				}
				return `"callee":"` + callee + `"`
			}
			sawHidden := false
			for data := range stream {
				sawHidden = sawHidden || strings.Contains(data, sees(hidden))
				if strings.Contains(data, `"+`) && viewer.SeesMasks() {
					t.Errorf("a viewer who sees masks was sent %s", data)
				}
				if strings.Contains(data, sees(last)) {
					break
				}
			}
			if wanted := len(subscriber.filter) == 0; sawHidden != wanted {
				t.Errorf("scopes %v, filter %v: saw %v, want %v", viewer.Scopes, subscriber.filter, sawHidden, wanted)
			}
		}()
	}
	if stored > len(callees)-2 {
		t.Fatalf("%d sessions were stored before all had subscribed", stored)
	}
	storeMore(t, database, stored, len(callees))
}

// pseudonymFilters ask for each pseudonym that a viewer has seen.
func (f *worldFacts) pseudonymFilters() (all []object) {
	for _, s := range f.Sessions.Nodes {
		for _, operator := range []string{"eq", "ne"} {
			all = append(all, object{"callee": object{operator: s.Callee}})
		}
		all = append(all, object{"callee": object{"in": []string{s.Callee, ""}}})
		for field, entries := range map[string][]mapEntry{"nerSlots": s.NerSlots, "variables": s.Variables} {
			for _, entry := range entries {
				all = append(all, object{field: []object{{"name": entry.Name, "value": object{"eq": entry.Value}}}},
					object{field: []object{{"name": entry.Name, "value": object{"notIn": []string{entry.Value}}}}})
			}
		}
	}
	slices.SortFunc(all, func(a, b object) int { return bytes.Compare(encodeJSON(a), encodeJSON(b)) })
	return all
}

// literal is a value as a document has it.
func literal(value any) string {
	return regexp.MustCompile(`"([A-Za-z]+)":`).ReplaceAllString(string(encodeJSON(value)), "$1: ")
}

// firstDifference shows where two texts differ.
func firstDifference(a, b string) string {
	at := 0
	for at < min(len(a), len(b)) && a[at] == b[at] {
		at++
	}
	show := func(s string) string { return s[max(0, min(at-150, len(s))):min(len(s), at+250)] }
	return show(a) + "\n" + show(b)
}
