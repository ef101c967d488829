package export

import (
	"bufio"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"sessiongraph/models"
)

// Bounds of a row group, which is kept in memory until it is written: rows, and bytes of their values.
const (
	maxGroupRows  = 25_000
	maxGroupBytes = 64 << 20
)

// parquetWriter writes a flat Parquet file.
type parquetWriter struct {
	to      *bufio.Writer
	file    *parquet.GenericWriter[any]
	columns []Column
	row     parquet.Row

	rows, bytes int // of the row group
}

func newParquetWriter(to *bufio.Writer, columns []Column) *parquetWriter {
	return &parquetWriter{to: to, columns: columns, row: make(parquet.Row, len(columns)),
		file: parquet.NewGenericWriter[any](to, parquet.NewSchema("row", newParquetColumns(columns)),
			parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest}), parquet.PageBufferSize(64<<10))}
}

// Write writes a row.
func (w *parquetWriter) Write(cells []models.JSON) error {
	for i, cell := range cells {
		value, err := parquetValue(w.columns[i].Kind, cell)
		if err != nil {
			return fmt.Errorf("column %s: %w", w.columns[i].Name, err)
		}
		defined := 0
		if w.columns[i].Nullable && !value.IsNull() {
			defined = 1
		}
		w.row[i] = value.Level(0, defined, i)
		w.bytes += len(cell)
	}
	if _, err := w.file.WriteRows([]parquet.Row{w.row}); err != nil {
		return err
	}
	if w.rows++; w.rows < maxGroupRows && w.bytes < maxGroupBytes {
		return nil
	}
	w.rows, w.bytes = 0, 0
	return w.file.Flush()
}

// Close writes the last row group and the end of the file.
func (w *parquetWriter) Close() error {
	if err := w.file.Close(); err != nil {
		return err
	}
	return w.to.Flush()
}

// parquetValue returns the value of a cell.
func parquetValue(kind Kind, cell models.JSON) (parquet.Value, error) {
	if len(cell) == 0 {
		return parquet.NullValue(), nil
	}
	switch kind {
	case Int:
		n, err := strconv.ParseInt(string(cell), 10, 32)
		return parquet.Int32Value(int32(n)), err
	case Float:
		f, err := strconv.ParseFloat(string(cell), 64)
		return parquet.DoubleValue(f), err
	case Boolean:
		return parquet.BooleanValue(string(cell) == "true"), nil
	case Time:
		t, err := time.Parse(time.RFC3339Nano, cell.Text())
		return parquet.Int64Value(t.UnixMicro()), err
	case JSON:
		return parquet.ByteArrayValue(cell.Compact()), nil
	default:
		return parquet.ByteArrayValue([]byte(cell.Text())), nil
	}
}

// parquetColumns is the root of a schema, with the columns in their order: parquet.Group sorts them by name.
type parquetColumns struct {
	parquet.Group
	fields []parquet.Field
}

func newParquetColumns(columns []Column) parquetColumns {
	root := parquetColumns{Group: parquet.Group{}}
	for _, column := range columns {
		node := parquetNode(column.Kind)
		if column.Nullable {
			node = parquet.Optional(node)
		}
		root.fields = append(root.fields, parquetColumn{node, column.Name})
	}
	return root
}

func parquetNode(kind Kind) parquet.Node {
	switch kind {
	case Int:
		return parquet.Leaf(parquet.Int32Type)
	case Float:
		return parquet.Leaf(parquet.DoubleType)
	case Boolean:
		return parquet.Leaf(parquet.BooleanType)
	case Time:
		return parquet.Timestamp(parquet.Microsecond)
	default:
		return parquet.String()
	}
}

// Fields returns the columns.
func (c parquetColumns) Fields() []parquet.Field { return c.fields }

// GoType returns the type of what a row is made of, which no row is.
func (parquetColumns) GoType() reflect.Type { return reflect.TypeFor[struct{}]() }

// parquetColumn is a column of a schema.
type parquetColumn struct {
	parquet.Node
	name string
}

// Name returns the column's name.
func (c parquetColumn) Name() string { return c.name }

// Value is for rows that are Go values, which none is.
func (parquetColumn) Value(reflect.Value) reflect.Value { return reflect.Value{} }
