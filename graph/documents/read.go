package documents

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// File is a file of documents.
type File struct {
	Name string // for messages
	Text []byte
}

// Reader reads documents and validates them.
type Reader struct {
	Schema    *ast.Schema
	MaxTokens int    // of a document with all its fragments
	Internal  []File // what the program's own clients ask: always trusted, and not in the library
	Questions []File // the built-in part of the library
}

// BuiltIn returns the documents that are always trusted.
func (r Reader) BuiltIn() (*Collection, error) {
	return r.collect(func(*Collection) ([]*Document, error) { return nil, nil })
}

// Folder reads the files of a folder, each of which has one named operation, fragments or both. An operation may use
// fragments of all files. Its ids are its name and the hex SHA-256 of its file, with or without sha256: before it; its
// name takes the place of a built-in question's. Errors name the file and the line.
func (r Reader) Folder(files []File) (*Collection, error) {
	return r.collect(func(c *Collection) ([]*Document, error) { return r.addFolder(c, files, false) })
}

// collect adds an operator's documents to the built-in ones.
func (r Reader) collect(addOwn func(*Collection) ([]*Document, error)) (*Collection, error) {
	c := &Collection{byID: map[string]*Document{}, byText: map[string]*Document{}}
	if _, err := r.addFolder(c, r.Internal, true); err != nil {
		return nil, fmt.Errorf("built in: %w", err)
	}
	own, err := addOwn(c)
	if err != nil {
		return nil, err
	}
	questions, err := r.addFolder(c, r.Questions, true)
	if err != nil {
		return nil, fmt.Errorf("built in: %w", err)
	}
	c.list(questions, own)
	return c, nil
}

func (r Reader) addFolder(c *Collection, files []File, builtIn bool) (added []*Document, err error) {
	folder := folder{Reader: r, fragments: map[string][]File{}}
	operations := make([]string, len(files)) // their names, empty for a file of fragments
	for i, file := range files {
		if operations[i], err = folder.index(file); err != nil {
			return nil, err
		}
	}

	fileOf := map[string]string{}
	size := 0
	for i, file := range files {
		name := operations[i]
		if name == "" {
			continue
		}
		switch other, twice := fileOf[name]; {
		case twice:
			return nil, fmt.Errorf("%s: operation %s is in %s as well: rename one of them", file.Name, name, other)
		case !builtIn && c.ByID(name) != nil:
			return nil, fmt.Errorf("%s: operation %s has the name of a document of the program itself: rename it",
				file.Name, name)
		}
		fileOf[name] = file.Name
		document, err := folder.document(file)
		if err != nil {
			return nil, err
		}
		if size += len(document.Text); size > MaxSize {
			return nil, fmt.Errorf("%s: more than %d MiB of documents with their fragments", file.Name, MaxSize>>20)
		}
		document.BuiltIn = builtIn
		sum := sha256.Sum256(file.Text)
		hash := hex.EncodeToString(sum[:])
		c.add(document, name, hash, "sha256:"+hash)
		added = append(added, document)
	}
	return added, nil
}

// folder knows which files have a fragment of a name.
type folder struct {
	Reader
	fragments map[string][]File
}

// index records the fragments of a file, and returns the name of its operation.
func (f *folder) index(file File) (operation string, err error) {
	parsed, err := f.parse(file)
	if err != nil {
		return "", err
	}
	for _, fragment := range parsed.Fragments {
		f.fragments[fragment.Name] = append(f.fragments[fragment.Name], file)
	}
	switch {
	case len(parsed.Operations) == 0 && len(parsed.Fragments) == 0:
		return "", fmt.Errorf("%s:1: neither an operation nor a fragment", file.Name)
	case len(parsed.Operations) == 0:
		return "", nil
	case len(parsed.Operations) > 1:
		return "", fmt.Errorf("%s:%d: a second operation: a file has one", file.Name,
			parsed.Operations[1].Position.Line)
	case parsed.Operations[0].Name == "":
		return "", fmt.Errorf("%s:%d: the operation has no name", file.Name, parsed.Operations[0].Position.Line)
	}
	return parsed.Operations[0].Name, nil
}

// document returns the operation of a file with the fragments that it needs.
func (f *folder) document(file File) (*Document, error) {
	own, err := f.parse(file)
	if err != nil {
		return nil, err
	}
	whole := &ast.QueryDocument{Operations: own.Operations, Position: own.Position}
	asItIs := true // the file has all that is needed, and nothing else

	// Files are parsed again for each operation: validation writes into what it validates.
	parsed := map[string]*ast.QueryDocument{file.Name: own}
	wanted := spreads(own.Operations[0].SelectionSet)
	for seen := map[string]bool{}; len(wanted) > 0; {
		spread := wanted[0]
		wanted = wanted[1:]
		if seen[spread.Name] {
			continue
		}
		seen[spread.Name] = true
		fragment := own.Fragments.ForName(spread.Name)
		if fragment == nil {
			asItIs = false
			if fragment, err = f.foreign(spread, parsed); err != nil {
				return nil, err
			}
		}
		if fragment == nil {
			continue // validation says so
		}
		whole.Fragments = append(whole.Fragments, fragment)
		wanted = append(wanted, spreads(fragment.SelectionSet)...)
	}

	document := newDocument(own.Operations[0], string(file.Text))
	if !asItIs || len(whole.Fragments) != len(own.Fragments) {
		formatted := bytes.NewBufferString(leadingComment(document.Text))
		formatter.NewFormatter(formatted).FormatQueryDocument(whole)
		document.Text, document.file = formatted.String(), document.Text
		// Its tokens are counted with all fragments.
		if _, err := f.parse(File{file.Name, formatted.Bytes()}); err != nil {
			return nil, err
		}
	}
	if err := f.validate(file, whole); err != nil {
		return nil, err
	}
	return document, nil
}

// foreign returns the fragment of another file, nil if there is none.
func (f *folder) foreign(spread *ast.FragmentSpread, parsed map[string]*ast.QueryDocument) (
	*ast.FragmentDefinition, error,
) {
	files := f.fragments[spread.Name]
	if len(files) == 0 {
		return nil, nil
	}
	if len(files) > 1 {
		return nil, fmt.Errorf("%s:%d: fragment %s is in %s and in %s: rename one of them",
			spread.Position.Src.Name, spread.Position.Line, spread.Name, files[0].Name, files[1].Name)
	}
	file := files[0]
	if parsed[file.Name] == nil {
		document, err := f.parse(file)
		if err != nil {
			return nil, err
		}
		parsed[file.Name] = document
	}
	return parsed[file.Name].Fragments.ForName(spread.Name), nil
}

// spreads returns the fragment spreads of a selection.
func spreads(selections ast.SelectionSet) (found []*ast.FragmentSpread) {
	for _, selection := range selections {
		switch selection := selection.(type) {
		case *ast.Field:
			found = append(found, spreads(selection.SelectionSet)...)
		case *ast.InlineFragment:
			found = append(found, spreads(selection.SelectionSet)...)
		case *ast.FragmentSpread:
			found = append(found, selection)
		}
	}
	return found
}

func (r Reader) parse(file File) (*ast.QueryDocument, error) {
	parsed, err := parser.ParseQueryWithTokenLimit(&ast.Source{Name: file.Name, Input: string(file.Text)}, r.MaxTokens)
	if err != nil {
		return nil, located(file.Name, err)
	}
	return parsed, nil
}

func (r Reader) validate(file File, document *ast.QueryDocument) error {
	errs := validator.ValidateWithRules(r.Schema, document, rules.NewDefaultRules())
	if len(errs) == 0 {
		return nil
	}
	err := located(file.Name, errs[0])
	if len(errs) > 1 {
		err = fmt.Errorf("%w (and %d more errors)", err, len(errs)-1)
	}
	return err
}

// located returns an error of gqlparser as FILE:LINE: MESSAGE, in one line.
func located(file string, err error) error {
	var of *gqlerror.Error
	if !errors.As(err, &of) {
		return fmt.Errorf("%s: %w", file, err)
	}
	if name, ok := of.Extensions["file"].(string); ok {
		file = name
	}
	message := strings.Join(strings.Fields(of.Message), " ")
	if len(of.Locations) == 0 {
		return fmt.Errorf("%s: %s", file, message)
	}
	return fmt.Errorf("%s:%d: %s", file, of.Locations[0].Line, message)
}

// newDocument returns the document of an operation and its text, without an ID.
func newDocument(operation *ast.OperationDefinition, text string) *Document {
	description := operation.Description
	if description == "" {
		description = uncommented(leadingComment(text))
	}
	title, rest, _ := strings.Cut(description, "\n")
	return &Document{
		Name: operation.Name, Kind: operation.Operation, Text: text, Variables: operation.VariableDefinitions,
		Title: cmp.Or(strings.TrimSpace(title), operation.Name), Description: strings.TrimSpace(rest),
	}
}
