// Package documents reads trusted documents: the operations that the program has built in, and those that an operator
// has put into a folder or a manifest. Clients name them by an id, and people choose them from the library.
package documents

import (
	"cmp"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/vektah/gqlparser/v2/ast"
)

// Document is a trusted document.
type Document struct {
	ID          string        // the name of an operation of a folder, or the key of a manifest
	Name        string        // of its operation, empty for an anonymous one
	Kind        ast.Operation // query, mutation or subscription
	Title       string        // the question: the first line of its leading comment, or else its name or ID
	Description string        // what it answers, and what its variables do: the other lines
	Text        string        // what is executed: the operation with all its fragments
	Variables   ast.VariableDefinitionList
	BuiltIn     bool
	file        string // the text of its file, "" where that is Text
}

// MaxSize bounds the files of documents, and the texts made of them, in bytes.
const MaxSize = 32 << 20

// Is reports whether a text is the document, but for white space around it.
func (d *Document) Is(text string) bool {
	text = strings.TrimSpace(text)
	return text == strings.TrimSpace(d.Text) || d.file != "" && text == strings.TrimSpace(d.file)
}

// Collection is a set of documents that does not change. A nil one has none.
type Collection struct {
	Documents []*Document
	Library   []*Document // those to choose from: the built-in questions by subject, then the operator's by name

	byID   map[string]*Document
	byText map[string]*Document // without the white space around it
}

// Own returns how many documents are not built in.
func (c *Collection) Own() int {
	own := 0
	for _, document := range c.Documents {
		if !document.BuiltIn {
			own++
		}
	}
	return own
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

// add adds a document with its ids and texts, of which those that are known stay with the earlier document. The first
// id that is left is its ID.
func (c *Collection) add(document *Document, ids ...string) {
	c.Documents = append(c.Documents, document)
	for _, id := range slices.Backward(ids) {
		if c.byID[id] == nil {
			c.byID[id], document.ID = document, id
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

// list makes the library of the built-in questions and of the operator's documents. A question is left out if a
// document of the operator has its name.
func (c *Collection) list(questions, own []*Document) {
	own = slices.Clone(own)
	slices.SortFunc(own, func(a, b *Document) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	replaced := func(question *Document) bool { return c.byID[question.Name] != question }
	c.Library = slices.Concat(slices.DeleteFunc(slices.Clone(questions), replaced), own)
}

// leadingComment returns the comment lines at the beginning of a document, as they stand.
func leadingComment(text string) string {
	text = strings.TrimLeft(text, "\ufeff \t\r\n,")
	end := 0
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(strings.TrimSpace(line), "#") {
			break
		}
		end += len(line)
	}
	return text[:end]
}

// uncommented returns the text of comment lines.
func uncommented(comment string) string {
	var lines []string
	for line := range strings.Lines(comment) {
		lines = append(lines, strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "#")))
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}
