package server

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sessiongraph/graph"
	"sessiongraph/graph/documents"
)

// documentSource is the folder or the manifest of the trusted documents.
type documentSource struct {
	path   string // "" for the built-in documents alone
	reader documents.Reader
	read   [sha256.Size]byte // hash of what was read last
}

// loadDocuments reads the trusted documents for the first time.
func loadDocuments(path string) (*documentSource, *documents.Trusted, error) {
	source := &documentSource{path: path, reader: graph.DocumentReader()}
	collection, _, err := source.load()
	if err != nil {
		return nil, nil, fmt.Errorf("--documents: %w", err)
	}
	return source, documents.NewTrusted(collection), nil
}

// CheckDocuments returns the error of a folder or a manifest of documents, and how many it has.
func CheckDocuments(path string) (count int, err error) {
	_, trusted, err := loadDocuments(path)
	if err != nil {
		return 0, err
	}
	return trusted.Collection().Own(), nil
}

// load reads the documents, unless they are what was read last.
func (s *documentSource) load() (c *documents.Collection, changed bool, err error) {
	if s.path == "" {
		c, err = s.reader.BuiltIn()
		return c, true, err
	}
	info, err := os.Stat(s.path)
	if err != nil {
		return nil, false, err
	}
	names := []string{s.path}
	if info.IsDir() {
		if names, err = documentNames(s.path); err != nil {
			return nil, false, err
		}
	}
	files, err := readFiles(names)
	if err != nil {
		return nil, false, err
	}

	if hash := hashFiles(files); hash != s.read {
		s.read = hash
		if info.IsDir() {
			c, err = s.reader.Folder(files)
		} else {
			c, err = s.reader.Manifest(files[0])
		}
		return c, true, err
	}
	return nil, false, nil
}

// documentNames returns the documents of a folder by name.
func documentNames(folder string) (names []string, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		name := filepath.Join(folder, entry.Name())
		if filepath.Ext(name) != ".graphql" || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		info, err := os.Stat(name) // of what a link points to
		if err != nil {
			return nil, err
		}
		if info.Mode().IsRegular() {
			names = append(names, name)
		}
	}
	return names, nil
}

func readFiles(names []string) (files []documents.File, err error) {
	left := int64(documents.MaxSize)
	for _, name := range names {
		text, err := readAtMost(name, left)
		if err != nil {
			return nil, err
		}
		if left -= int64(len(text)); left < 0 {
			return nil, fmt.Errorf("%s: more than %d MiB of documents", name, documents.MaxSize>>20)
		}
		files = append(files, documents.File{Name: name, Text: text})
	}
	return files, nil
}

// readAtMost reads a file, or one byte more than the limit of it.
func readAtMost(name string, limit int64) (text []byte, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return io.ReadAll(io.LimitReader(file, limit+1))
}

func hashFiles(files []documents.File) (hash [sha256.Size]byte) {
	whole := sha256.New()
	for _, file := range files {
		for _, part := range [][]byte{[]byte(file.Name), file.Text} {
			_, _ = whole.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
			_, _ = whole.Write(part)
		}
	}
	whole.Sum(hash[:0])
	return hash
}

// documentsInterval is the time between two looks at the documents.
const documentsInterval = 2 * time.Second

// watchDocuments puts changed documents in force until ctx ends. Those that cannot be read leave the old ones in
// force.
func watchDocuments(
	ctx context.Context, source *documentSource, trusted *documents.Trusted, reload <-chan struct{}, log *slog.Logger,
) {
	if source.path == "" {
		return
	}
	log.Info("trusted documents", "path", source.path, "count", trusted.Collection().Own())
	ticker := time.NewTicker(documentsInterval)
	defer ticker.Stop()
	failed := "" // the last error, which is logged once
	for {
		select {
		case <-ticker.C:
		case <-reload:
		case <-ctx.Done():
			return
		}

		collection, changed, err := source.load()
		switch {
		case err != nil:
			if err.Error() != failed {
				failed = err.Error()
				log.Error("changed documents not taken up, the old ones stay in force", "error", err)
			}
		case changed:
			failed = ""
			trusted.Replace(collection)
			log.Info("trusted documents", "path", source.path, "count", collection.Own())
		}
	}
}
