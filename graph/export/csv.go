package export

import (
	"bufio"
	"strings"

	"sessiongraph/models"
)

// csvWriter writes RFC 4180.
type csvWriter struct {
	to      *bufio.Writer
	columns []Column
	options Options
	begun   bool
	line    []byte
}

func newCSVWriter(to *bufio.Writer, columns []Column, options Options) *csvWriter {
	return &csvWriter{to: to, columns: columns, options: options}
}

// header writes the line of the columns' names, once.
func (w *csvWriter) header() error {
	if w.begun {
		return nil
	}
	w.begun = true
	if w.options.BOM {
		w.line = append(w.line, "\ufeff"...)
	}
	for i, column := range w.columns {
		if i > 0 {
			w.line = append(w.line, ',')
		}
		w.line = append(w.line, column.Name...)
	}
	return w.end()
}

func (w *csvWriter) end() error {
	_, err := w.to.Write(append(w.line, "\r\n"...))
	w.line = w.line[:0]
	return err
}

// Write writes a row.
func (w *csvWriter) Write(cells []models.JSON) error {
	if err := w.header(); err != nil {
		return err
	}
	for i, cell := range cells {
		if i > 0 {
			w.line = append(w.line, ',')
		}
		if len(cell) > 0 {
			w.cell(w.columns[i].Kind, cell)
		} else if len(cells) == 1 {
			w.line = append(w.line, `""`...) // an empty line would be no row
		}
	}
	return w.end()
}

func (w *csvWriter) cell(kind Kind, cell models.JSON) {
	var text string
	switch kind {
	case Text, Time:
		text = cell.Text()
	case JSON:
		text = string(cell.Compact())
	default:
		w.line = append(w.line, cell...)
		return
	}
	if !w.options.RawFormulas && isFormula(text) {
		text = "'" + text
	}
	if text != "" && !strings.ContainsAny(text, ",\"\r\n") {
		w.line = append(w.line, text...)
		return
	}
	w.line = append(w.line, '"')
	for part := range strings.SplitAfterSeq(text, `"`) {
		w.line = append(w.line, part...)
		if strings.HasSuffix(part, `"`) {
			w.line = append(w.line, '"')
		}
	}
	w.line = append(w.line, '"')
}

// isFormula reports whether a spreadsheet could compute a text.
func isFormula(text string) bool {
	text = strings.TrimLeft(text, " ")
	return text != "" && strings.IndexByte("=+-@\t\r", text[0]) >= 0
}

// Close writes the header if there was no row, and what is buffered.
func (w *csvWriter) Close() error {
	if err := w.header(); err != nil {
		return err
	}
	return w.to.Flush()
}
