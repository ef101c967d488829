// Package documents reads trusted documents: operations that an operator has put into a folder or a manifest, and
// that clients name by an id.
package documents

import (
	"strings"
	"sync/atomic"

	"github.com/vektah/gqlparser/v2/ast"
)

// Document is a trusted document.
type Document struct {
	ID          string        // the name of an operation of a folder, or the key of a manifest
	Name        string        // of its operation, empty for an anonymous one
	Kind        ast.Operation // query, mutation or subscription
	Description string        // what it answers: its leading comment
	Text        string        // what is executed: the operation with all its fragments
	file        string        // the text of its file, "" where that is Text
}

// Is reports whether a text is the document, but for white space around it.
func (d *Document) Is(text string) bool {
	text = strings.TrimSpace(text)
	return text == strings.TrimSpace(d.Text) || d.file != "" && text == strings.TrimSpace(d.file)
}

// Collection is a set of documents that does not change. A nil one has none.
type Collection struct {
	Documents []*Document // the built-in ones first

	byID   map[string]*Document
	byText map[string]*Document // without the white space around it
}

// ByID returns the document with the id, nil if there is none.
func (c *Collection) ByID(id string) *Document {
	if c == nil {
		return nil
	}
	return c.byID[id]
}

// ByText returns the document that a text equals but for white space around it, nil if there is none.
func (c *Collection) ByText(text string) *Document {
	if c == nil {
		return nil
	}
	return c.byText[strings.TrimSpace(text)]
}

// add adds a document with its ids and texts, of which those that are known stay with the earlier document.
func (c *Collection) add(document *Document, ids ...string) {
	c.Documents = append(c.Documents, document)
	for _, id := range ids {
		if c.byID[id] == nil {
			c.byID[id] = document
		}
	}
	for _, text := range []string{document.Text, document.file} {
		if text = strings.TrimSpace(text); text != "" && c.byText[text] == nil {
			c.byText[text] = document
		}
	}
}

// Trusted is the collection in force. It may be replaced while operations run. A nil one has none.
type Trusted struct{ collection atomic.Pointer[Collection] }

// NewTrusted returns a collection in force.
func NewTrusted(c *Collection) *Trusted {
	t := new(Trusted)
	t.Replace(c)
	return t
}

// Collection returns the collection in force.
func (t *Trusted) Collection() *Collection {
	if t == nil {
		return nil
	}
	return t.collection.Load()
}

// Replace puts another collection in force.
func (t *Trusted) Replace(c *Collection) { t.collection.Store(c) }

// description returns the text of the comment lines at the beginning of a document.
func description(text string) string {
	var lines []string
	for line := range strings.Lines(strings.TrimLeft(text, "\ufeff \t\r\n,")) {
		comment, is := strings.CutPrefix(strings.TrimSpace(line), "#")
		if !is {
			break
		}
		lines = append(lines, strings.TrimSpace(comment))
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}
