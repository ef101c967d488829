package export

import (
	"bufio"
	"io"

	"sessiongraph/models"
)

// Format is the format of a file.
type Format string

// The formats.
const (
	CSV     Format = "csv"
	NDJSON  Format = "ndjson"
	Parquet Format = "parquet"
)

// Formats are all formats, the default first.
func Formats() []Format { return []Format{CSV, NDJSON, Parquet} }

// MediaType returns the format's media type.
func (f Format) MediaType() string {
	switch f {
	case NDJSON:
		return "application/x-ndjson"
	case Parquet:
		return "application/vnd.apache.parquet"
	default:
		return "text/csv"
	}
}

// Options are how CSV is written.
type Options struct {
	BOM         bool // a byte order mark in front
	RawFormulas bool // texts that a spreadsheet would compute are left as they are
}

// Writer writes the rows of a file.
type Writer interface {
	// Write writes a row: the JSON of the value of each column, empty for null.
	Write(cells []models.JSON) error
	// Close writes the end of the file, all of which has then been written.
	Close() error
}

// NewWriter returns a writer of a file with those columns. Nothing is written before the first row or Close.
func NewWriter(to io.Writer, format Format, columns []Column, options Options) Writer {
	buffered := bufio.NewWriterSize(to, 64<<10)
	switch format {
	case Parquet:
		return newParquetWriter(buffered, columns)
	case NDJSON:
		return newNDJSONWriter(buffered, columns)
	default:
		return newCSVWriter(buffered, columns, options)
	}
}
