package models

import (
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// golden compares with a file of testdata, or writes it with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: %s", file, firstDifference(got, string(want)))
	}
}

// firstDifference shows the first lines that differ and where they are.
func firstDifference(got, want string) string {
	line, g, w := 1, got, want
	for {
		gotLine, gotRest, gotMore := strings.Cut(g, "\n")
		wantLine, wantRest, wantMore := strings.Cut(w, "\n")
		if gotLine != wantLine || gotMore != wantMore {
			return "line " + strconv.Itoa(line) + " is\n\t" + gotLine + "\nwant\n\t" + wantLine
		}
		line, g, w = line+1, gotRest, wantRest
	}
}
