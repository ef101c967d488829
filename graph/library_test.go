package graph_test

import (
	"encoding/csv"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"sessiongraph/graph"
	"sessiongraph/graph/documents"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/models"
)

func builtIn(t *testing.T) *documents.Collection {
	t.Helper()
	collection, err := graph.DocumentReader().BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	return collection
}

// Each built-in question is answered with a table and exported, without variables and for viewers who see masks.
func TestQuestionsAreAnswered(t *testing.T) {
	collection := builtIn(t)
	settings := graph.Settings{
		MaxPage: 200, MaxComplexity: 250_000, Documents: documents.NewTrusted(collection), DocumentsOnly: true,
	}
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, log := storedSessions(t, kind, 400), slog.New(slog.DiscardHandler)
		handler := graph.Handler(t.Context(), database, settings, log)
		exports := graph.ExportHandler(database, settings, log)
		for _, scope := range []models.Scope{models.ScopeRead, models.ScopePII} {
			viewer := &models.Viewer{Name: "test", Scopes: models.ImpliedScopes([]models.Scope{scope})}
			server := httptest.NewServer(as(viewer, exports))
			t.Cleanup(server.Close)
			for _, question := range collection.Library {
				t.Run(string(scope)+" "+question.ID, func(t *testing.T) {
					request := `{"documentId": "` + question.ID + `"}`
					rows := tableOf(t, post(as(viewer, handler), strings.NewReader(request)))
					if rows == 0 {
						t.Error("no rows")
					}
					exported := exportOf(t, server.URL, request)
					if exported < rows {
						t.Errorf("%d rows are shown, and %d exported", rows, exported)
					}
				})
			}
		}
	})
}

// tableOf returns how many rows the list at the root of an answer has.
func tableOf(t *testing.T, response *httptest.ResponseRecorder) (rows int) {
	t.Helper()
	var answer struct {
		Data   map[string]json.RawMessage
		Errors []any
	}
	if err := json.Unmarshal(response.Body.Bytes(), &answer); err != nil || answer.Errors != nil ||
		len(answer.Data) != 1 {
		t.Fatalf("%v %.1000s", err, response.Body)
	}
	for _, value := range answer.Data {
		rows = len(rowsOf(t, value))
	}
	return rows
}

// exportOf returns how many rows a file has.
func exportOf(t *testing.T, url, request string) int {
	t.Helper()
	response, err := http.Post(url+"?format=csv", "application/json", strings.NewReader(request))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	records, err := csv.NewReader(response.Body).ReadAll()
	if err != nil || response.StatusCode != http.StatusOK || len(records) == 0 {
		t.Fatalf("status %d, %v, %.3q", response.StatusCode, err, records)
	}
	return len(records) - 1
}

// rowsOf returns the rows of a root list: its elements, or those of its connection.
func rowsOf(t *testing.T, value json.RawMessage) (rows []json.RawMessage) {
	t.Helper()
	if value[0] == '{' {
		var connection struct{ Nodes, Edges []json.RawMessage }
		if err := json.Unmarshal(value, &connection); err != nil {
			t.Fatal(err)
		}
		return append(connection.Nodes, connection.Edges...)
	}
	if err := json.Unmarshal(value, &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// Each built-in question says what it answers, and what each of its variables does.
func TestQuestionsAreDescribed(t *testing.T) {
	titles := map[string]bool{}
	for _, question := range builtIn(t).Library {
		if !strings.HasSuffix(question.Title, "?") || titles[question.Title] || question.Description == "" {
			t.Errorf("%s has the title %q", question.Name, question.Title)
		}
		titles[question.Title] = true
		lines := strings.Split(question.Description, "\n")
		for _, variable := range question.Variables {
			said := func(line string) bool { return strings.HasPrefix(line, variable.Variable+": ") }
			if !slices.ContainsFunc(lines, said) {
				t.Errorf("%s does not say what $%s does", question.Name, variable.Variable)
			}
		}
	}
	if len(titles) < 15 {
		t.Errorf("%d questions", len(titles))
	}
}

func TestLibrary(t *testing.T) {
	folder := func(texts ...string) *documents.Collection {
		var files []documents.File
		for i, text := range texts {
			files = append(files, documents.File{Name: string(rune('a' + i)), Text: []byte(text)})
		}
		collection, err := graph.DocumentReader().Folder(files)
		if err != nil {
			t.Fatal(err)
		}
		return collection
	}
	trusted := documents.NewTrusted(folder(countText, totalText, nameText))
	handler := graph.Library(trusted)
	get := func(header http.Header) *httptest.ResponseRecorder {
		request := httptest.NewRequest(http.MethodGet, "/library", nil)
		request.Header = header
		response := httptest.NewRecorder()
		handler.ServeHTTP(response, request)
		return response
	}

	type operation struct {
		ID, Name, Title, Description, Document string
		BuiltIn                                bool
	}
	listed := func(response *httptest.ResponseRecorder) (operations []operation) {
		var answer struct{ Operations []operation }
		if err := json.Unmarshal(response.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		return answer.Operations
	}

	first := get(nil)
	operations := listed(first)
	questions := builtIn(t).Library
	if len(operations) != len(questions)+2 {
		t.Fatalf("%d operations", len(operations))
	}
	for i, q := range questions {
		want := operation{q.Name, q.Name, q.Title, q.Description, q.Text, true}
		if operations[i] != want {
			t.Errorf("%+v, want %+v", operations[i], want)
		}
	}
	own := operations[len(questions):]
	if got := own[0]; got.ID != "Count" || got.Title != "How many." || got.BuiltIn ||
		!strings.HasPrefix(got.Document, "# How many.\nquery Count") ||
		!strings.Contains(got.Document, "fragment Total on SessionConnection") {
		t.Errorf("%+v", got)
	}
	if want := (operation{"Name", "Name", "Name", "", nameText, false}); own[1] != want {
		t.Errorf("%+v, want %+v", own[1], want)
	}
	header := first.Header()
	tag := header.Get("ETag")
	if header.Get("Content-Type") != "application/json; charset=utf-8" || tag == "" ||
		header.Get("Cache-Control") != "private, no-cache" {
		t.Errorf("headers %v", header)
	}

	if again := get(http.Header{"If-None-Match": {tag}}); again.Code != http.StatusNotModified {
		t.Errorf("asked for what changed since: status %d", again.Code)
	}
	trusted.Replace(folder(nameText))
	changed := get(http.Header{"If-None-Match": {tag}})
	if changed.Code != http.StatusOK || len(listed(changed)) != len(questions)+1 {
		t.Errorf("after a change: status %d, %d operations", changed.Code, len(listed(changed)))
	}
}
