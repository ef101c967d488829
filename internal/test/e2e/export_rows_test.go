package e2e

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"sessiongraph/internal/test/program"
)

// flattened adds what an object of an answer has to a row: scalars and lists by their paths. Null has no entry.
func flattened(row map[string]string, path string, value any) {
	switch value := value.(type) {
	case nil:
	case map[string]any:
		for name, member := range value {
			inner := strings.TrimPrefix(path+"."+name, ".")
			if _, isText := member.(string); member != nil && !isText && (name == "raw" || name == "json") {
				row[inner] = compact(member)
			} else {
				flattened(row, inner, member)
			}
		}
	case string:
		row[path] = value
	default:
		row[path] = compact(value)
	}
}

func compact(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // never: it was read as JSON
	}
	return string(text)
}

// rowsOfNodes are the rows that nodes make, with a row for each element of the list at rows, if any.
func rowsOfNodes(nodes []any, list string) []map[string]string {
	var rows []map[string]string
	for _, node := range nodes {
		object := node.(map[string]any)
		elements := []any{nil}
		if list != "" {
			if all := object[list].([]any); len(all) > 0 {
				elements = all
			}
			delete(object, list)
		}
		for _, element := range elements {
			row := map[string]string{}
			flattened(row, "", object)
			if list != "" {
				flattened(row, list, element)
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// pages are the nodes or edges of a list, read page by page.
func pages(t *testing.T, s *program.Server, query, list, of string) (all []any) {
	t.Helper()
	variables := map[string]any{"first": 7}
	for {
		page := s.Query(t, query, variables)[list].(map[string]any)
		all = append(all, page[of].([]any)...)
		info := page["pageInfo"].(map[string]any)
		if info["hasNextPage"] != true {
			return all
		}
		variables["after"] = info["endCursor"]
	}
}

// ofNDJSON are the rows of a file, without null.
func ofNDJSON(t *testing.T, file []byte) (rows []map[string]string) {
	t.Helper()
	for line := range bytes.Lines(file) {
		var object map[string]any
		decoder := json.NewDecoder(bytes.NewReader(line))
		decoder.UseNumber()
		if err := decoder.Decode(&object); err != nil {
			t.Fatal(err)
		}
		row := map[string]string{}
		for name, value := range object {
			if value == nil {
				continue
			}
			text, isText := value.(string)
			if !isText {
				text = compact(value)
			}
			row[name] = text
		}
		rows = append(rows, row)
	}
	return rows
}

// ofCSV are the rows of a file of raw formulas; encoding/csv reads null and an empty text alike, without entry.
func ofCSV(t *testing.T, file []byte) (rows []map[string]string) {
	t.Helper()
	lines, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, cell := range line {
			if cell != "" {
				row[lines[0][i]] = cell
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// normalized makes rows of different readers comparable: JSON has its keys in order, and line ends are \n.
func normalized(rows []map[string]string, emptyIsNull bool) []map[string]string {
	for _, row := range rows {
		for name, text := range row {
			var value any
			if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
				decoder := json.NewDecoder(strings.NewReader(text))
				decoder.UseNumber()
				if decoder.Decode(&value) == nil {
					text = compact(value)
				}
			}
			row[name] = strings.ReplaceAll(text, "\r\n", "\n")
			if emptyIsNull && text == "" {
				delete(row, name)
			}
		}
	}
	return rows
}

func compareRows(t *testing.T, what string, got, want []map[string]string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d rows, want %d", what, len(got), len(want))
		return
	}
	for i := range got {
		if fmt.Sprint(got[i]) != fmt.Sprint(want[i]) {
			t.Errorf("%s: row %d is\n%.1000v\nwant\n%.1000v", what, i, fmt.Sprint(got[i]), fmt.Sprint(want[i]))
			return
		}
	}
}
