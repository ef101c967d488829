package library

import (
	"slices"
	"strings"
	"testing"
)

// Each file is read once, and bears the name of its operation.
func TestFilesAreAllRead(t *testing.T) {
	entries, err := files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	left := map[string]bool{}
	for _, entry := range entries {
		left[entry.Name()] = true
	}
	for _, file := range slices.Concat(Playground(), Assistant(), Questions()) {
		if !left[file.Name] {
			t.Errorf("%s is read twice", file.Name)
		}
		delete(left, file.Name)
		text, name := string(file.Text), "query "+strings.TrimSuffix(file.Name, ".graphql")
		if !strings.Contains(text, name+" {") && !strings.Contains(text, name+"(") {
			t.Errorf("%s has an operation of another name", file.Name)
		}
	}
	for name := range left {
		t.Errorf("%s is not read", name)
	}
}
