package main

import (
	"fmt"
	"io"
	"strings"
)

// row writes a row of a Markdown table.
func row(out io.Writer, cells ...string) {
	_, _ = fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | "))
}

func format(format string, value float64) string { return fmt.Sprintf(format, value) }

// spread formats median, minimum and maximum.
func spread(s series, format string) string {
	least, most := s[0], s[0]
	for _, value := range s {
		least, most = min(least, value), max(most, value)
	}
	return fmt.Sprintf(format+" ("+format+" to "+format+")", s.median(), least, most)
}
