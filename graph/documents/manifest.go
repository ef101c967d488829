package documents

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// entry is a document of a manifest.
type entry struct {
	id, text string
	line     int // of the manifest
}

// Manifest reads a manifest: an object of texts by id, as relay-compiler and graphql-codegen write it, or Apollo's
// form with format and operations. Errors name the file and the line of the entry.
func (r Reader) Manifest(file File) (*Collection, error) {
	entries, err := manifestEntries(file)
	if err != nil {
		return nil, err
	}
	return r.collect(func(c *Collection) ([]*Document, error) { return r.addManifest(c, file, entries) })
}

func (r Reader) addManifest(c *Collection, file File, entries []entry) (added []*Document, err error) {
	known := map[string]bool{}
	for _, e := range entries {
		if known[e.id] {
			return nil, fmt.Errorf("%s:%d: id %.80q twice", file.Name, e.line, e.id)
		}
		known[e.id] = true
		if c.ByID(e.id) != nil {
			return nil, fmt.Errorf("%s:%d: id %.80q is that of a built-in document of the Playground", file.Name,
				e.line, e.id)
		}
		document, err := r.entryDocument(e)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file.Name, e.line, err)
		}
		c.add(document, e.id)
		added = append(added, document)
	}
	return added, nil
}

func (r Reader) entryDocument(e entry) (*Document, error) {
	text := File{fmt.Sprintf("document %.80q", e.id), []byte(e.text)}
	parsed, err := r.parse(text)
	if err != nil {
		return nil, err
	}
	switch {
	case e.id == "":
		return nil, errors.New("empty id")
	case len(parsed.Operations) != 1:
		return nil, fmt.Errorf("%s: %d operations, want one", text.Name, len(parsed.Operations))
	}
	if err := r.validate(text, parsed); err != nil {
		return nil, err
	}
	document := newDocument(parsed.Operations[0], e.text)
	document.Title = cmp.Or(document.Title, e.id)
	return document, nil
}

// apolloFormat is the format of a manifest that generate-persisted-query-manifest wrote.
const apolloFormat = "apollo-persisted-query-manifest"

// member is a member of a JSON object, or an element of a list.
type member struct {
	name  string
	value json.RawMessage
	start int // of the value, in bytes
}

func manifestEntries(file File) ([]entry, error) {
	at := func(offset int) int { return 1 + bytes.Count(file.Text[:min(offset, len(file.Text))], []byte("\n")) }
	members, broken, err := membersOf(file.Text, '{')
	if err != nil {
		return nil, fmt.Errorf("%s:%d: not a JSON object of documents by id: %w", file.Name, at(broken), err)
	}

	var entries []entry
	var format string
	var operations *member
	for _, m := range members {
		e := entry{id: m.name, line: at(m.start)}
		switch {
		case m.value[0] == '"':
			if err := json.Unmarshal(m.value, &e.text); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", file.Name, e.line, err)
			}
			if m.name == "format" {
				format = e.text
			}
			entries = append(entries, e)
		case m.name == "operations" && m.value[0] == '[':
			operations = &m
		case m.name == "version" && format == apolloFormat:
		default:
			return nil, fmt.Errorf("%s:%d: document %.80q is not a text", file.Name, e.line, m.name)
		}
	}
	switch {
	case format == apolloFormat && operations != nil:
		return apolloEntries(file, *operations, at)
	case operations != nil:
		return nil, fmt.Errorf("%s:%d: document %.80q is not a text", file.Name, at(operations.start), operations.name)
	}
	return entries, nil
}

func apolloEntries(file File, operations member, at func(int) int) ([]entry, error) {
	elements, _, err := membersOf(operations.value, '[')
	if err != nil {
		return nil, fmt.Errorf("%s:%d: operations: %w", file.Name, at(operations.start), err)
	}
	var entries []entry
	for _, element := range elements {
		var operation struct{ ID, Body *string }
		line := at(operations.start + element.start)
		err := json.Unmarshal(element.value, &operation)
		if err != nil || operation.ID == nil || operation.Body == nil {
			return nil, fmt.Errorf("%s:%d: an operation without id and body", file.Name, line)
		}
		entries = append(entries, entry{*operation.ID, *operation.Body, line})
	}
	return entries, nil
}

// membersOf returns the members of an object, or the elements of a list, as opening says. Of an error it returns the
// place.
func membersOf(text []byte, opening json.Delim) (members []member, broken int, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	place := func() int { return int(decoder.InputOffset()) }
	first, err := decoder.Token()
	if err != nil {
		return nil, place(), err
	}
	if first != opening {
		return nil, 0, fmt.Errorf("it begins with %v", first)
	}
	for decoder.More() {
		var m member
		if opening == '{' {
			key, err := decoder.Token()
			if err != nil {
				return nil, place(), err
			}
			m.name, _ = key.(string)
		}
		if err := decoder.Decode(&m.value); err != nil {
			return nil, place(), err
		}
		m.start = place() - len(m.value)
		members = append(members, m)
	}
	if _, err := decoder.Token(); err != nil {
		return nil, place(), err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, place(), errors.New("text behind its end")
	}
	return members, 0, nil
}
