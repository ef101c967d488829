package export

import (
	"bufio"

	"sessiongraph/models"
)

// ndjsonWriter writes an object in a line for each row.
type ndjsonWriter struct {
	to      *bufio.Writer
	columns []Column
	names   []string // with what stands before a column's value
	line    []byte
}

func newNDJSONWriter(to *bufio.Writer, columns []Column) *ndjsonWriter {
	w := &ndjsonWriter{to: to, columns: columns}
	for i, column := range columns {
		before := "{"
		if i > 0 {
			before = ","
		}
		w.names = append(w.names, before+string(models.AppendQuoted(nil, column.Name))+":")
	}
	return w
}

// Write writes a row.
func (w *ndjsonWriter) Write(cells []models.JSON) error {
	w.line = w.line[:0]
	for i, cell := range cells {
		w.line = append(w.line, w.names[i]...)
		switch {
		case len(cell) == 0:
			w.line = append(w.line, "null"...)
		case w.columns[i].Kind == JSON:
			w.line = append(w.line, cell.Compact()...)
		default:
			w.line = append(w.line, cell...)
		}
	}
	_, err := w.to.Write(append(w.line, "}\n"...))
	return err
}

// Close writes what is buffered.
func (w *ndjsonWriter) Close() error { return w.to.Flush() }
